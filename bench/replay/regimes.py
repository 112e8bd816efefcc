"""The five regimes: what happens at the counters, and what the line does not know of it.

Times in minutes from the day's opening, rates per hour. A day lasts eight hours and goes on until all are
served. These figures were fixed before the forecast was tuned.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 480.0
HOUR = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of customer: the mean of the service and the standard deviation of its logarithm."""

    share: float
    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class Regime:
    name: str
    about: str
    guess: float
    """Average minutes as somebody set them up; with each new line off by another factor."""
    kinds: tuple[Kind, ...]
    arrivals: tuple[float, ...]
    """Per hour, for each hour of the day."""
    slowness: tuple[float, ...]
    """One counter each: how many times longer it takes."""
    shifts: tuple[tuple[float, int], ...] = ((0.0, 0),)
    """From when on how many counters are open; 0 means all. Moved by up to ``SHIFT_JITTER`` each day."""
    absences: float = 0.0
    """How often per hour a counter closes for ``ABSENCE`` minutes unannounced."""


GUESS_SPREAD = 0.3
LINE_DAYS = 20
"""After so many days a new line begins, which knows nothing but its guess."""
DAY_SPREAD = 0.12
"""Of the logarithm of a day's speed, and of its demand."""
WANDER = 0.06
"""Of the logarithm of the speed, added each half hour while it returns to the day's by a quarter."""
PAUSE_MEAN, PAUSE_SPREAD = 0.3, 0.7
NO_SHOW, GRACE = 0.03, 1.0
PRIORITY = 0.04
"""Share of arrivals who go before the others."""
LEAVING = 0.06
"""Share of arrivals who lose patience, if they wait longer than an exponential time of ``PATIENCE``."""
PATIENCE = 25.0
FORGOTTEN, FORGOTTEN_FACTOR = 0.004, 12.0
"""Share of services whose record is far too long: somebody forgot a button."""
SHIFT_JITTER = 20.0
ABSENCE = 20.0

STEADY = Regime(
    "steady",
    "three equal counters, even demand",
    guess=5.0,
    kinds=(Kind(1.0, 5.0, 0.55),),
    arrivals=(31, 31, 31, 31, 31, 31, 31, 31),
    slowness=(1, 1, 1),
)
RUSH = Regime(
    "rush",
    "four counters, two peaks far above what they can do",
    guess=4.0,
    kinds=(Kind(1.0, 4.0, 0.65),),
    arrivals=(75, 75, 40, 30, 80, 70, 35, 25),
    slowness=(1, 1, 1, 1),
)
SLOW = Regime(
    "one slow server",
    "three counters, one of them takes two and a half times as long",
    guess=5.0,
    kinds=(Kind(1.0, 5.0, 0.55),),
    arrivals=(25, 25, 25, 25, 25, 25, 25, 25),
    slowness=(1, 1, 2.5),
)
MIXED = Regime(
    "mixed lengths",
    "two counters, two thirds take 2 minutes and one third 12",
    guess=5.0,
    kinds=(Kind(0.67, 2.0, 0.4), Kind(0.33, 12.0, 0.4)),
    arrivals=(20, 20, 20, 20, 20, 20, 20, 20),
    slowness=(1, 1),
)
SHIFTING = Regime(
    "counters opening and closing",
    "two to four counters by the hour, some closing unannounced",
    guess=5.0,
    kinds=(Kind(1.0, 5.0, 0.55),),
    arrivals=(22, 24, 32, 28, 26, 36, 34, 24),
    slowness=(1, 1, 1, 1),
    shifts=((0.0, 2), (100.0, 3), (180.0, 2), (260.0, 4), (400.0, 2)),
    absences=0.25,
)
REGIMES = (STEADY, RUSH, SLOW, MIXED, SHIFTING)
