"""From the call to the end: who are you, begin, done, did not come, come again, back into the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import Clock, rfc3339
from app.core.errors import Gone, IllegalTransition
from app.core.messages import Message
from app.core.mongo import Document
from app.queues.errors import NotIdentified, TooEarly, WrongAlias
from app.queues.live import LiveFields, alias_key
from app.queues.models import Status, Token
from app.queues.repository.serving import since
from app.queues.service.acting import CAUSES, Acted, Acting, Hand
from app.queues.service.codes import SPENT, Codes, gets_codes

FROM: dict[str, frozenset[Status]] = {
    "verify": frozenset({"called"}),
    "start": frozenset({"called"}),
    "complete": frozenset({"serving"}),
    "no_show": frozenset({"called"}),
    "recall": frozenset({"called", "no_show"}),
    "requeue": frozenset({"called", "serving", "no_show", "away"}),
}
"""Narrower than the table of moves: whoever waits is called in their turn and not by hand."""
OF_A_CALL = ("counter", "called_at", "recalled_at", "started_at", "verified_at", "ended_at")
"""What a token that waits again has no more."""
LAST_CALL = ("called_at", "recalled_at")


@dataclass(frozen=True, slots=True)
class Pause:
    """What has to have passed since the latest of these times of a token."""

    since: tuple[str, ...]
    wait: timedelta

    def over(self) -> Document:
        return since(*self.since, wait=self.wait)

    def end(self, token: Token) -> datetime:
        times: list[datetime | None] = [getattr(token, name) for name in self.since]
        return max(at for at in times if at is not None) + self.wait


class Serving:
    def __init__(self, acting: Acting, codes: Codes, live: LiveFields, clock: Clock) -> None:
        self._acting = acting
        self._codes = codes
        self._live = live
        self._clock = clock

    async def verify(self, token_id: str, hand: Hand, *, code: str | None, alias: str | None) -> Acted:
        """By code or alias. Raises NoCode, WrongCode, TriesSpent, CodeExpired, WrongAlias, NotIdentified."""
        found = await self._found(token_id, "verify", hand)
        if found.replayed:
            return found
        token = found.token
        if token.verified_at is not None:
            raise IllegalTransition(state=token.status)
        fields: Document = {"verified_at": self._clock.now()}
        if code is not None:
            try:
                await self._codes.check(token, code)
            except Gone:
                if (elsewhere := await self._acting.lost(token, "verify", hand)) is not None:
                    return elsewhere
                raise
            fields |= SPENT
        else:
            await self._check_alias(token, alias or "")
        return await self._done(token, "called", "verify", hand, fields=fields)

    async def start(self, token_id: str, hand: Hand) -> Acted:
        """Raises NotIdentified where the line asks who they are and nobody has."""
        found = await self._found(token_id, "start", hand)
        if found.replayed:
            return found
        service = await self._acting.service_of(found.token)
        if service.verify != "none" and found.token.verified_at is None:
            raise NotIdentified
        fields: Document = {"started_at": self._clock.now()}
        return await self._done(found.token, "serving", "start", hand, fields=fields)

    async def complete(self, token_id: str, hand: Hand) -> Acted:
        found = await self._found(token_id, "complete", hand)
        return found if found.replayed else await self._done(found.token, "completed", "complete", hand)

    async def no_show(self, token_id: str, hand: Hand) -> Acted:
        """Raises TooEarly until the grace period since the last call is over, by the database's clock."""
        found = await self._found(token_id, "no_show", hand)
        if found.replayed:
            return found
        service = await self._acting.service_of(found.token)
        grace = Pause(LAST_CALL, timedelta(seconds=service.grace_seconds))
        return await self._done(found.token, "no_show", "no_show", hand, after=grace)

    async def recall(self, token_id: str, hand: Hand) -> Acted:
        """Calls the one who was called once more, or undoes a no-show. Raises TooEarly."""
        found = await self._found(token_id, "recall", hand)
        if found.replayed:
            return found
        token, now = found.token, self._clock.now()
        service = await self._acting.service_of(token)
        fields: Document = {"recalled_at": now}
        told_too: list[Message] = []
        if gets_codes(service, token) and token.verified_at is None and self._codes.is_over(token):
            code, granted = self._codes.another(token, "called", CAUSES["recall"])
            fields |= code
            told_too.append(granted)
        if token.status == "no_show":
            fields = fields | {"called_at": now} | self._live.of(token)
            return await self._done(
                token, "called", "recall", hand, fields=fields, unset=["ended_at"], more=told_too
            )
        gap = Pause(LAST_CALL, timedelta(seconds=service.recall_gap_seconds))
        return await self._done(token, "called", "recall", hand, fields=fields, after=gap, more=told_too)

    async def requeue(self, token_id: str, hand: Hand) -> Acted:
        """Back to where they were in the line: the joining time stays."""
        found = await self._found(token_id, "requeue", hand)
        if found.replayed:
            return found
        token = found.token
        fields = {} if token.live else self._live.of(token)
        return await self._done(token, "waiting", "requeue", hand, fields=fields, unset=OF_A_CALL)

    async def _found(self, token_id: str, name: str, hand: Hand) -> Acted:
        found = await self._acting.find(token_id, name, hand)
        if not found.replayed and found.token.status not in FROM[name]:
            raise IllegalTransition(state=found.token.status)
        return found

    async def _done(
        self,
        token: Token,
        to: Status,
        name: str,
        hand: Hand,
        *,
        fields: Document | None = None,
        unset: Sequence[str] = (),
        after: Pause | None = None,
        more: Sequence[Message] = (),
    ) -> Acted:
        expect = after.over() if after else None
        acted = await self._acting.move(
            token, to, name, hand, fields=fields, unset=unset, expect=expect, more=more
        )
        if acted is not None:
            return acted
        assert after is not None, "nothing else was expected of it"
        raise TooEarly(not_before=rfc3339(after.end(token)))

    async def _check_alias(self, token: Token, alias: str) -> None:
        """Proves who somebody is to a human. Where a code could be sent, the code it must be."""
        if gets_codes(await self._acting.service_of(token), token):
            raise NotIdentified("this line asks for the code that was sent")
        known = {alias_key(name) for name in (token.alias, token.own_alias) if name}
        if alias_key(alias) not in known:
            raise WrongAlias
