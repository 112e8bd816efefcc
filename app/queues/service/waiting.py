"""Being in line: how it stands, leaving, stepping away and coming back.

By the token's secret, its owner's account, or staff who oversee the line; for all others it is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts.audit import deed
from app.accounts.models import Caller
from app.core.clock import Clock
from app.core.errors import IllegalTransition, NotFound, StaleVersion, Transient
from app.core.ids import is_id
from app.core.messages import Message
from app.core.security import KeyRing
from app.queues.business_day import business_day
from app.queues.eta import Wait
from app.queues.line import LineNumbers
from app.queues.messages import told
from app.queues.models import LIVE, SECRET_KIND, Service, Status, Token
from app.queues.repository.line import LineReads
from app.queues.repository.tokens import Tokens
from app.queues.service.acting import key_hash, mark, was_done
from app.queues.service.directory import Directory
from app.queues.service.reading import Reading

TRIES = 20
_CALL = ("counter", "called_at", "recalled_at")
"""What a call leaves in the token, and who steps away from it takes along."""


@dataclass(frozen=True, slots=True)
class Move:
    """Who may go where. ``unset``: fields that are over with it."""

    name: str
    cause: str
    out_of: frozenset[Status]
    to: Status
    unset: Sequence[str] = ()


CANCEL = Move("cancel", "cancelled", frozenset({"waiting", "away", "called"}), "cancelled")
AWAY = Move("away", "stepped away", frozenset({"waiting", "called"}), "away", _CALL)
BACK = Move("back", "came back", frozenset({"away"}), "waiting")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who acts, on which version if they say one, under which key."""

    caller: Caller
    version: int | None = None
    key: str | None = None
    body: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A token as its line stands. ``for_owner``: whoever asked showed its secret or is its account."""

    token: Token
    service: Service
    numbers: LineNumbers
    ahead: int
    wait: Wait | None
    for_owner: bool
    for_staff: bool
    replayed: bool = False


class Waiting:
    def __init__(
        self,
        tokens: Tokens,
        reads: LineReads,
        directory: Directory,
        reading: Reading,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._tokens = tokens
        self._directory = directory
        self._reading = reading
        self._ring = ring

    async def show(self, token_id: str, caller: Caller) -> Seen:
        """Raises NotFound for a token that is absent or not the caller's."""
        return await self.seen(await self._find(token_id, caller), caller)

    async def list(
        self, service_id: str, status: Status | None, after: int, limit: int, caller: Caller
    ) -> Sequence[Seen]:
        """For staff of the line, by number: those in it, or those who left it today in some way."""
        service = await self._directory.stored(service_id)
        if status is None or status in LIVE:
            found = await self._reads.live(service_id, status, after, limit)
        else:
            today = business_day(self._clock.now(), service.timezone)
            found = await self._reads.of_day(service_id, today, status, after, limit)
        return [await self.seen(token, caller) for token in found]

    async def move(self, token_id: str, move: Move, asked: Asked) -> Seen:
        """Raises NotFound, IllegalTransition, StaleVersion and KeyReused."""
        key = key_hash(asked.caller, asked.key)
        its_mark = mark(key, move.name, asked.body)
        for _ in range(TRIES):
            token = await self._find(token_id, asked.caller)
            if was_done(token, key, its_mark):
                return await self.seen(token, asked.caller, replayed=True)
            if asked.version is not None and asked.version != token.version:
                raise StaleVersion(current={"status": token.status, "version": token.version})
            if token.status not in move.out_of:
                raise IllegalTransition(state=token.status, version=token.version)
            if (moved := await self._move(token, move, asked.caller, its_mark)) is not None:
                self._reading.forget(moved.service_id)
                return await self.seen(moved, asked.caller)
        raise Transient("the token keeps changing")

    async def seen(self, token: Token, caller: Caller, *, replayed: bool = False) -> Seen:
        service = await self._directory.get(token.service_id)
        numbers = await self._numbers(service, token)
        ahead = numbers.ahead_of(token)
        waits = token.status in ("waiting", "away")
        wait = await self._reading.wait(service, ahead) if waits else None
        owner, staff = self._owns(token, caller), caller.oversees_service(token.service_id)
        return Seen(token, service, numbers, ahead, wait, owner, staff, replayed)

    async def _numbers(self, service: Service, token: Token) -> LineNumbers:
        """Not from before this token was called: a page must not say both."""
        numbers = await self._reading.numbers(service)
        if token.status in ("called", "serving") and not numbers.has_at_counter(token.number):
            self._reading.forget(service.id)
            return await self._reading.numbers(service)
        return numbers

    async def _move(self, token: Token, move: Move, caller: Caller, its_mark: str | None) -> Token | None:
        by_staff = caller.oversees_service(token.service_id) and not self._owns(token, caller)
        messages: list[Message] = [told(token, token.status, move.to, move.cause)]
        if by_staff:
            before, after = {"status": token.status}, {"status": move.to}
            messages.append(deed(caller, f"token.{move.name}", token.id, before=before, after=after))
        return await self._tokens.move(
            token,
            move.to,
            cause=move.cause,
            by=caller.key if by_staff else token.user_id or "guest",
            key=its_mark,
            unset=move.unset,
            messages=messages,
        )

    async def _find(self, token_id: str, caller: Caller) -> Token:
        token = await self._tokens.find(token_id) if is_id(token_id, "tok") else None
        if token is None or not (caller.oversees_service(token.service_id) or self._owns(token, caller)):
            raise NotFound
        return token

    def _owns(self, token: Token, caller: Caller) -> bool:
        if caller.secret is not None:
            return self._ring.verify(caller.secret, SECRET_KIND, token.secret_id, token.grant)
        return caller.user_id is not None and caller.user_id == token.user_id
