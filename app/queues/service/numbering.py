"""Entering a line: Redis proposes a number, one insert decides.

Without Redis each process counts on from the highest number it finds in the database; the index keeps
two processes apart, so that costs attempts and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.clock import Clock
from app.core.errors import Transient
from app.core.messages import Message
from app.core.mongo import PyMongoError, is_unavailable
from app.core.redis import RedisAway
from app.queues.aliases import new_alias
from app.queues.business_day import business_day
from app.queues.live import LiveFields
from app.queues.models import Service, Token
from app.queues.repository.numbers import Limited, Numbers, Window
from app.queues.repository.tokens import (
    AliasUsed,
    ContactInLine,
    Inserted,
    InviteClaimed,
    KeyUsed,
    NumberUsed,
    Outcome,
    PlaceTaken,
    Tokens,
)

ATTEMPTS = 50
_REMEMBERED = 1000

Refusal = ContactInLine | InviteClaimed | PlaceTaken | KeyUsed | Limited
Tell = Callable[[Token], Sequence[Message]]


class Numbering:
    def __init__(self, tokens: Tokens, numbers: Numbers, live: LiveFields, clock: Clock) -> None:
        self._tokens = tokens
        self._numbers = numbers
        self._live = live
        self._clock = clock
        self._last: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def enter(
        self, service: Service, draft: Token, tell: Tell, window: Window | None = None
    ) -> Token | Refusal:
        """``draft`` with a number and an alias, in the line; or why that cannot be.

        ``tell`` gives the messages of the token as it became. Raises Transient where the outcome is
        unknown: the same ``draft.id`` may be tried again.
        """
        day = business_day(self._clock.now(), service.timezone)
        draft = replace(draft, day=day, alias=draft.alias or new_alias())
        floor = 0
        for _ in range(ATTEMPTS):
            number = await self._propose(service.id, day, floor, window)
            if isinstance(number, Limited):
                return number
            window = None  # Counted once, however many attempts it takes.
            outcome = await self._insert_as(replace(draft, number=number), tell)
            if isinstance(outcome, Token):
                return outcome
            if not isinstance(outcome, NumberUsed):
                await self._give_back(service.id, day, number)
                return outcome
            floor = await self._floor(service.id, day)
        raise Transient("the line is too busy")

    async def _insert_as(self, token: Token, tell: Tell) -> Token | NumberUsed | Refusal:
        """Another alias, as long as it is only that."""
        for _ in range(ATTEMPTS):
            outcome = await self._insert(token, tell(token))
            if isinstance(outcome, Inserted):
                return token
            if not isinstance(outcome, AliasUsed):
                return outcome
            token = replace(token, alias=new_alias(3))
        raise Transient("no alias is free")

    async def _insert(self, token: Token, messages: Sequence[Message]) -> Outcome:
        """An insert that timed out is unknown: it is read by its id before anything is said."""
        try:
            return await self._tokens.insert(token, self._live.of(token), messages)
        except PyMongoError as error:
            if not is_unavailable(error):
                raise
            if await self._tokens.find(token.id):
                return Inserted()
            raise Transient("joining may not stand; repeat it with the same key") from error

    async def _propose(self, service_id: str, day: str, floor: int, window: Window | None) -> int | Limited:
        try:
            return await self._numbers.propose(service_id, day, floor=floor, window=window)
        except RedisAway:
            return await self._from_database(service_id, day, floor)

    async def _from_database(self, service_id: str, day: str, floor: int) -> int:
        """Counting joins is left out: a line that Redis leaves alone stays open."""
        key = service_id, day
        if not floor and key not in self._last:
            floor = await self._floor(service_id, day)
        number = self._last[key] = max(floor, self._last.get(key, 0)) + 1
        self._last.move_to_end(key)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return number

    async def _floor(self, service_id: str, day: str) -> int:
        """One less than the lowest number past today's that nobody carried over from another day has."""
        last = await self._tokens.last_number(service_id, day)
        carried = await self._tokens.live_numbers(service_id, above=last)
        while last + 1 in carried:
            last += 1
        return last

    async def _give_back(self, service_id: str, day: str, number: int) -> None:
        if self._last.get((service_id, day)) == number:
            self._last[service_id, day] = number - 1
        try:
            await self._numbers.give_back(service_id, day, number)
        except RedisAway:
            return
