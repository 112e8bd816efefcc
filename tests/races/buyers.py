"""A crowd that wants more than there is, and behaves as good clients do: same key, same body, try again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ulid import ULID

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


Ask = Callable[[str, str, Json | None, Mapping[str, str]], Awaitable[Answer]]
"""Method, path, body, headers. Raises OSError where no answer came."""

LARGEST_SET = 6
AT_ONCE = 48
COURSE = 400
"""Answers of no use to one request before we call it stuck; they come half a second apart, or ten."""
LOOKS = 60
"""Rounds over what is left: how soon units of crashed bookings are found again depends on the machine."""


@dataclass
class Crowd:
    """``keep``: the share of early buyers that keep what they got; the others hand it back at once.

    So places change hands during the whole sale, not in its first second only.
    """

    ask: Ask
    event_id: str
    type_id: str
    seats: Sequence[str]
    places: int
    """That are standing."""
    keep: float = 0.15
    pay: float = 0.3
    rest: float = 2.5
    """Seconds between the last rounds: units of crashed bookings must become old enough to be found."""
    looks: int = LOOKS
    free: set[str] = field(default_factory=set)
    """Seats that nobody has told us are taken."""
    kept: dict[str, list[str]] = field(default_factory=dict)
    """Order -> units, of orders that were answered 201 and not handed back."""
    paid: set[str] = field(default_factory=set)
    claims: int = 0
    refusals: int = 0

    def __post_init__(self) -> None:
        self.free = set(self.seats)

    async def buy_all(self, buyers: int) -> None:
        """The crowd first, then a few who take every single place that is left."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with turns:
                keep = 1.0 if number > buyers * 0.8 else self.keep
                await self._buy(keep)

        await asyncio.gather(*(one(number) for number in range(buyers)))
        await self._mop_up()

    async def _buy(self, keep: float) -> None:
        size, seated = random.randint(1, LARGEST_SET), random.random() < 0.5
        while size:
            items = self._choose(size, seated)
            if items is None:
                size -= 1
                continue
            answer = await self._book(items)
            if answer.status == 201:
                await self._decide(answer.body, keep)
                return
            self.refusals += 1
            if answer.code == "seat_taken":
                self.free.discard(answer.body["seat_id"])
            else:
                size -= 1

    def _choose(self, size: int, seated: bool) -> list[Json] | None:
        if not seated:
            return [{"ticket_type_id": self.type_id, "quantity": size}]
        if len(self.free) < size:
            return None
        return [{"seat_id": seat} for seat in random.sample(sorted(self.free), size)]

    async def _decide(self, order: Json, keep: float) -> None:
        self.claims += len(order["units"])
        self.free -= {unit[2:] for unit in order["units"]}
        if random.random() >= keep:
            await self._hand_back(order)
            return
        self.kept[order["id"]] = order["units"]
        if random.random() < self.pay:
            await self._pay(order)

    async def _hand_back(self, order: Json) -> None:
        headers = {"Authorization": f"Bearer {order['secret']}", "Idempotency-Key": str(ULID())}
        answer = await persist(self.ask, "POST", f"/api/v1/orders/{order['id']}/cancel", None, headers)
        assert answer.status == 200, answer
        self.free |= {unit[2:] for unit in order["units"] if unit.startswith("s/")}

    async def _pay(self, order: Json) -> None:
        answer = await persist(self.ask, "POST", f"/checkout/{order['id']}", {"outcome": "paid"}, {})
        if answer.status == 200:
            self.paid.add(order["id"])
        else:  # Paid by a request that was cut off, and confirmed before we came again.
            assert answer.code == "illegal_transition", answer

    async def _book(self, items: list[Json]) -> Answer:
        body = {
            "items": items,
            "provider": "sandbox",
            "customer": {"name": "Ann", "email": f"{ULID()}@example.com".lower()},
        }
        headers = {"Idempotency-Key": str(ULID())}
        answer = await persist(self.ask, "POST", f"/api/v1/events/{self.event_id}/orders", body, headers)
        assert answer.status == 201 or answer.code in ("sold_out", "seat_taken"), answer
        return answer

    async def _mop_up(self) -> None:
        """Every seat by its name and any place at all, until all are sold and two rounds find none."""
        quiet = 0
        for _ in range(self.looks):
            found = await self._mop_once()
            quiet = 0 if found else quiet + 1
            if quiet >= 2 and len(self._sold()) == len(self.seats) + self.places:
                return
            await asyncio.sleep(self.rest)

    def _sold(self) -> set[str]:
        return {unit for units in self.kept.values() for unit in units}

    async def _book_each(self, wishes: list[list[Json]]) -> list[Answer]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(items: list[Json]) -> Answer:
            async with turns:
                return await self._book(items)

        return list(await asyncio.gather(*map(one, wishes)))

    async def _mop_once(self) -> int:
        sold = self._sold()
        left = [[{"seat_id": seat}] for seat in self.seats if f"s/{seat}" not in sold]
        answers = await self._book_each(left)
        while (answer := await self._book([{"ticket_type_id": self.type_id, "quantity": 1}])).status == 201:
            answers.append(answer)
        won = [answer.body for answer in answers if answer.status == 201]
        for order in won:
            await self._decide(order, keep=1.0)
        return len(won)


async def persist(ask: Ask, method: str, path: str, body: Json | None, headers: Mapping[str, str]) -> Answer:
    """Until there is an answer that says something: the same request, under the same key."""
    pause, last = 0.02, ""
    for _ in range(COURSE):
        try:
            answer = await ask(method, path, body, headers)
        except (OSError, TimeoutError) as error:
            last = repr(error)
        else:
            if answer.status not in (429, 503) and answer.code != "key_in_progress":
                return answer
            last = answer.code
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * 1.5, 0.5)
    raise AssertionError(f"{method} {path} was never answered: {last}")
