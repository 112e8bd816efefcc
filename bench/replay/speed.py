"""How long the forecasts for a long line take."""

from __future__ import annotations

import time
from random import Random
from statistics import median

from app.queues.calibration import Outcome
from app.queues.eta import Line, Pace, forecasts

PEOPLE = 1_000
ROUNDS = 15


def speed() -> str:
    """One sentence, with as much known of the line as the system ever reads."""
    random = Random(1)
    lengths = tuple(random.lognormvariate(1.4, 0.6) for _ in range(200))
    told = tuple(Outcome(10, 20, random.expovariate(0.08)) for _ in range(200))
    line = Line(3, (1.0, 2.0, 7.0), Pace(5.0, lengths, (0.3,) * 197, told))
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        forecasts(range(PEOPLE), line)
        took.append((time.perf_counter() - started) * 1000)
    return (
        f"Forecasts for {PEOPLE:,} waiting take {median(took):.0f} ms (median of {ROUNDS}; the goal is 50)."
    )
