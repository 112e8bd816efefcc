"""Joining a line: by its QR invite, by the staff's hand, or from afar where the line allows it.

One script in Redis proposes the number, one insert decides. Service and forecast come from memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.accounts.audit import deed
from app.core.clock import Clock
from app.core.errors import Invalid, KeyReused, Problem, Transient
from app.core.messages import Message
from app.core.ratelimit import LimitReached
from app.core.ratelimit import Window as Standing
from app.core.security import KeyRing
from app.queues.business_day import is_open_at
from app.queues.errors import InviteUsed, LineClosed, LineFull, RemoteJoinRefused
from app.queues.live import LiveFields
from app.queues.messages import told
from app.queues.models import DEFAULT_PRIORITY, SECRET_KIND, Promise, Service, Token
from app.queues.repository.numbers import Limited, Window
from app.queues.repository.tokens import ContactInLine, InviteClaimed, KeyUsed, PlaceTaken, Tokens
from app.queues.service.applicant import Applicant, Wish
from app.queues.service.directory import Directory
from app.queues.service.invites import Invites
from app.queues.service.numbering import Numbering, Refusal
from app.queues.service.places import Places
from app.queues.service.reading import Reading

ATTEMPTS = 20
KEY_KEPT = timedelta(hours=24)
TELL_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Joined:
    """``again``: they were in line already; without a ``secret`` whoever asks may be a stranger."""

    token: Token
    service: Service
    secret: str | None = field(repr=False)
    replayed: bool = False
    again: bool = False


class Joining:
    def __init__(
        self,
        directory: Directory,
        tokens: Tokens,
        numbering: Numbering,
        invites: Invites,
        reading: Reading,
        live: LiveFields,
        ring: KeyRing,
        clock: Clock,
        joins_per_minute: int,
    ) -> None:
        self._directory = directory
        self._tokens = tokens
        self._numbering = numbering
        self._invites = invites
        self._reading = reading
        self._live = live
        self._ring = ring
        self._clock = clock
        self._joins_per_minute = joins_per_minute
        self._places = Places(tokens.places)

    async def join(self, ref: str, wish: Wish) -> Joined:
        """A number and what proves it, or why not.

        Raises NotFound, LineClosed, LineFull, RemoteJoinRefused, InviteExpired, InviteUsed, Invalid,
        KeyReused, RateLimited, and Transient when the outcome is unknown: the same key asks again.
        """
        service = await self._directory.get(ref)
        return await _Attempt(self, service, wish, self._clock.now()).run()

    def secret(self, token: Token) -> str:
        """What brings somebody back to their place; the same after a transfer."""
        return self._ring.secret(SECRET_KIND, token.secret_id, token.grant)


class _Attempt:
    """One request under way. The token's id stays the same through all tries."""

    def __init__(self, joining: Joining, service: Service, wish: Wish, now: datetime) -> None:
        self._s = joining
        self._service = service
        self._wish = wish
        self._now = now
        self._who = Applicant(wish, service, joining._live)
        self._invite: int | None = None
        limit = joining._joins_per_minute
        origin = self._who.origin
        self._window = None if origin is None else Window(origin, limit)
        """Staff may enter as many as stand before them; others are counted once, however often we try."""

    async def run(self) -> Joined:
        try:
            self._invite = await self._admit()
            for _ in range(ATTEMPTS):
                if (joined := await self._try()) is not None:
                    return joined
        except Transient:
            raise
        except Problem as problem:
            return await self._refuse(problem)
        raise Transient("the line is too busy")

    async def _admit(self) -> int | None:
        """The invite's number, if that is how they come. Raises whatever keeps them out."""
        service, wish = self._service, self._wish
        if wish.priority is not None and not self._who.by_hand:
            message = "only staff say who goes first"
            errors = [{"loc": ["body", "priority"], "msg": message, "type": "priority"}]
            raise Invalid(message, errors=errors)
        invite = await self._s._invites.check(service, wish.invite) if wish.invite is not None else None
        if invite is None and not self._who.by_hand and not service.remote_join:
            raise RemoteJoinRefused
        if service.state == "closed" or not (self._who.by_hand or self._is_open()):
            raise LineClosed
        return invite

    def _is_open(self) -> bool:
        """Opening hours bind customers; staff who let somebody in know what they do."""
        return is_open_at(self._service.opening_hours, self._service.timezone, self._now)

    async def _try(self) -> Joined | None:
        """None: something was in the way that may be gone, try again."""
        draft = await self._draft()
        window, self._window = self._window, None
        outcome = await self._s._numbering.enter(self._service, draft, self._tell, window)
        if isinstance(outcome, Token):
            self._s._reading.joined(outcome)
            return self._joined(outcome)
        return await self._without(outcome)

    async def _without(self, refusal: Refusal) -> Joined | None:
        if isinstance(refusal, Limited):
            reset = max(1, math.ceil(refusal.retry_after))
            raise LimitReached(Standing(self._s._joins_per_minute, 0, reset, exceeded=True))
        if isinstance(refusal, PlaceTaken):
            self._s._places.strike(self._service.id, refusal.place)
            return None
        if (replay := await self._replay()) is not None:
            return replay
        if isinstance(refusal, KeyUsed):
            return None
        if (known := await self._known()) is not None:
            return known
        if isinstance(refusal, InviteClaimed):
            raise InviteUsed
        assert isinstance(refusal, ContactInLine)
        return None  # They have just left; now there is room for them.

    async def _known(self) -> Joined | None:
        """The place that this contact has. Its secret goes to the contact, not to whoever typed it in."""
        if not self._who.contact_keys:
            return None
        token = await self._s._tokens.by_contact(self._service.id, self._who.contact_keys)
        if token is None:
            return None
        own = token.user_id is not None and self._who.user_id == token.user_id
        if not own and not self._who.by_hand:
            await self._s._tokens.tell_again(token, TELL_AGAIN)
        return Joined(token, self._service, self._s.secret(token) if own else None, again=True)

    async def _refuse(self, problem: Problem) -> Joined:
        """No is said to a request with a key only after its key was found to have made no token."""
        replay = await self._replay()
        if replay is None:
            raise problem
        return replay

    async def _replay(self) -> Joined | None:
        """The token this key made before. Raises KeyReused; None when there is none."""
        wish = self._wish
        if wish.key is None:
            return None
        token = await self._s._tokens.by_key(self._service.id, self._who.caller, wish.key)
        if token is None:
            return None
        if token.id != self._who.token_id and token.created_at < self._now - KEY_KEPT:
            await self._s._tokens.forget_key(token)
            return None
        if token.idem["hash"] != wish.body_hash:
            raise KeyReused
        return replace(self._joined(token), replayed=token.id != self._who.token_id)

    def _joined(self, token: Token) -> Joined:
        return Joined(token, self._service, self._s.secret(token))

    async def _draft(self) -> Token:
        service, wish, now = self._service, self._wish, self._now
        priority = DEFAULT_PRIORITY if wish.priority is None else wish.priority
        who = self._who
        entry = {"at": now, "from": None, "to": "waiting", "cause": who.cause, "by": who.by}
        draft = Token(
            id=who.token_id,
            service_id=service.id,
            day="",
            number=0,
            status="waiting",
            joined_at=now,
            alias="",
            secret_id=who.token_id,
            grant=self._s._ring.grant(),
            version=1,
            created_at=now,
            priority=priority,
            own_alias=wish.own_alias,
            contact=wish.contact,
            user_id=who.user_id,
            origin=who.origin,
            invite=self._invite,
            place=await self._place(),
            notify=wish.notify,
            history=(entry,),
            idem=who.idem,
        )
        return replace(draft, forecast=await self._promise(draft))

    async def _place(self) -> int | None:
        capacity = self._service.capacity
        if capacity is None:
            return None
        place = await self._s._places.choose(self._service.id, capacity)
        if place is None:
            raise LineFull(capacity=capacity)
        return place

    async def _promise(self, draft: Token) -> Promise:
        numbers = await self._s._reading.numbers(self._service)
        ahead = numbers.ahead((draft.priority, draft.joined_at, 1 << 31))
        wait = await self._s._reading.wait(self._service, ahead)
        return Promise(wait.median_minutes * 60, wait.p90_minutes * 60, ahead, self._now)

    def _tell(self, token: Token) -> Sequence[Message]:
        message = told(token, None, "waiting", self._who.cause)
        if not self._who.by_hand:
            return [message]
        return [message, deed(self._wish.caller, "token.entered", token.id, after={"number": token.number})]
