"""One day of a line, event by event. Whoever watches is asked on each joining and told each call and end."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from app.queues.stays import Stay
from bench.replay import regimes as r
from bench.replay.regimes import Regime


@dataclass(order=True, slots=True)
class Person:
    priority: int
    joined: float
    number: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What the system knows at a joining."""

    now: float
    ahead: int
    counters: int
    elapsed: tuple[float, ...]
    at_once: bool
    """A counter stands free and nobody is before: nothing to wait for but the call itself."""


class Watcher(Protocol):
    def joined(self, person: Person, sight: Sight) -> None: ...

    def called(self, person: Person, now: float) -> None: ...

    def ended(self, stay: Stay) -> None: ...


@dataclass(slots=True)
class Counter:
    name: str
    slowness: float
    open: bool = False
    serving: Person | None = None
    called: float = 0.0
    calling: bool = False

    @property
    def idle(self) -> bool:
        return self.open and self.serving is None and not self.calling


@dataclass(slots=True)
class Day:
    regime: Regime
    random: Random
    watcher: Watcher
    start: float
    """Minutes on the watcher's clock."""
    waiting: list[Person] = field(default_factory=list)
    events: list[tuple[float, int, str, int]] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    added: int = 0
    on_shift: int = 0

    def run(self) -> None:
        self.counters = [Counter(str(n), slow) for n, slow in enumerate(self.regime.slowness)]
        self._draw_speed()
        self._draw_arrivals()
        self._draw_shifts()
        while self.events:
            now, _, what, which = heappop(self.events)
            getattr(self, f"_{what}")(now, which)

    def _add(self, at: float, what: str, which: int) -> None:
        self.added += 1
        heappush(self.events, (at, self.added, what, which))

    def _draw_speed(self) -> None:
        day = self.random.gauss(0, r.DAY_SPREAD)
        offset = 0.0
        for _ in range(60):
            self.speed.append(math.exp(day + offset))
            offset = 0.75 * offset + self.random.gauss(0, r.WANDER)

    def _draw_arrivals(self) -> None:
        demand = math.exp(self.random.gauss(0, r.DAY_SPREAD))
        top = max(self.regime.arrivals) * demand / r.HOUR
        at = self.random.expovariate(top)
        while at < r.DAY:
            rate = self.regime.arrivals[int(at // r.HOUR)] * demand / r.HOUR
            if self.random.random() * top < rate:
                self._add(at, "arrival", 0)
            at += self.random.expovariate(top)

    def _draw_shifts(self) -> None:
        for at, count in self.regime.shifts:
            moved = at + self.random.uniform(-r.SHIFT_JITTER, r.SHIFT_JITTER) if at else 0.0
            self._add(moved, "shift", count or len(self.counters))
        if self.regime.absences:
            at = self.random.expovariate(self.regime.absences / r.HOUR)
            while at < r.DAY:
                self._add(at, "absence", 0)
                at += self.random.expovariate(self.regime.absences / r.HOUR)

    def _arrival(self, now: float, _: int) -> None:
        person = Person(4 if self.random.random() < r.PRIORITY else 5, self.start + now, len(self.people))
        self.people.append(person)
        ahead = bisect_left(self.waiting, person)
        idle = [n for n, counter in enumerate(self.counters) if counter.idle]
        self.watcher.joined(person, self._sight(now, ahead, bool(idle) and not self.waiting))
        insort(self.waiting, person)
        if self.random.random() < r.LEAVING:
            self._add(now + self.random.expovariate(1 / r.PATIENCE), "leaving", person.number)
        if idle:
            self._will_call(now, idle[0])

    def _sight(self, now: float, ahead: int, at_once: bool) -> Sight:
        elapsed = tuple(now - c.called for c in self.counters if c.serving is not None)
        counters = sum(counter.open for counter in self.counters)
        return Sight(self.start + now, ahead, counters, elapsed, at_once)

    def _will_call(self, now: float, which: int) -> None:
        self.counters[which].calling = True
        self._add(now + self._skewed(r.PAUSE_MEAN, r.PAUSE_SPREAD), "call", which)

    def _call(self, now: float, which: int) -> None:
        counter = self.counters[which]
        counter.calling = False
        if not counter.open or not self.waiting or counter.serving:
            return
        person = counter.serving = self.waiting.pop(0)
        counter.called = now
        self.watcher.called(person, self.start + now)
        self._add(now + self._length(now, counter), "end", which)

    def _length(self, now: float, counter: Counter) -> float:
        if self.random.random() < r.NO_SHOW:
            return r.GRACE
        kind = self.random.choices(self.regime.kinds, [kind.share for kind in self.regime.kinds])[0]
        speed = self.speed[min(int(now // 30), len(self.speed) - 1)]
        return self._skewed(kind.mean, kind.spread) * speed * counter.slowness

    def _end(self, now: float, which: int) -> None:
        counter = self.counters[which]
        assert counter.serving is not None
        factor = r.FORGOTTEN_FACTOR if self.random.random() < r.FORGOTTEN else 1.0
        called = now - (now - counter.called) * factor
        stay = Stay(counter.name, counter.serving.joined, self.start + called, self.start + now)
        self.watcher.ended(stay)
        counter.serving = None
        if counter.open and self.waiting:
            self._will_call(now, which)

    def _leaving(self, now: float, number: int) -> None:
        if self.people[number] in self.waiting:
            self.waiting.remove(self.people[number])

    def _shift(self, now: float, count: int) -> None:
        self.on_shift = count
        for which in range(len(self.counters)):
            self._set(now, which, which < count)

    def _absence(self, now: float, _: int) -> None:
        present = [n for n, counter in enumerate(self.counters) if counter.open]
        if len(present) > 1:
            which = self.random.choice(present)
            self._set(now, which, False)
            self._add(now + r.ABSENCE, "back", which)

    def _back(self, now: float, which: int) -> None:
        self._set(now, which, which < self.on_shift)

    def _set(self, now: float, which: int, open_now: bool) -> None:
        counter = self.counters[which]
        counter.open = open_now
        if counter.idle and self.waiting:
            self._will_call(now, which)

    def _skewed(self, mean: float, spread: float) -> float:
        return mean * math.exp(self.random.gauss(-spread * spread / 2, spread))
