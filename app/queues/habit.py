"""Counters open and close while one waits; on the whole they go back to as many as there usually are.

If ``share`` is the usual number of counters by today's, the number t minutes from now is taken to be today's
times ``share + (1 - share) exp(-t / minutes)``: as it is at first, as usual later. The wait that was played
with today's counters is then read on a clock that runs as fast as the line is worked on (a deterministic
time change).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = 8
"""Of Newton's method; the work done is concave or convex in time, so it converges from any start."""


@dataclass(frozen=True, slots=True)
class Habit:
    share: float
    minutes: float

    def clock(self, played: float) -> float:
        """How long it really takes to do what today's counters would do in ``played`` minutes."""
        if self.share == 1.0:
            return played
        time = played
        for _ in range(_STEPS):
            fade = math.exp(-time / self.minutes)
            done = self.share * time + (1 - self.share) * self.minutes * (1 - fade)
            speed = self.share + (1 - self.share) * fade
            time = max(time + (played - done) / speed, 0.0)
        return time
