"""To another line, with the time they joined the first. Two writes to two documents, in this order:

the old token becomes ``transferred`` and names the new one, which is the decision; then the new one is
inserted under that name. Whatever dies in between, a sweeper finishes it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.core.clock import Clock
from app.core.each import each
from app.core.errors import IllegalTransition, NotFound, Transient
from app.core.ids import derived_id
from app.queues.errors import AlreadyInLine, LineClosed, LineFull, SameLine
from app.queues.live import LiveFields
from app.queues.messages import told
from app.queues.models import Service, Token, Transfer, may_move
from app.queues.repository.services import Services
from app.queues.repository.serving import ServingTokens
from app.queues.repository.tokens import ContactInLine, Tokens
from app.queues.service.acting import Acted, Acting, Hand
from app.queues.service.numbering import Numbering, Refusal

NAME = "transfer"
AGAIN_IN = timedelta(seconds=5)
_LEFT_BEHIND: dict[str, Any] = dict.fromkeys(
    (
        "invite",
        "place",
        "counter",
        "called_at",
        "recalled_at",
        "started_at",
        "ended_at",
        "verified_at",
        "code",
        "forecast",
        "transfer",
    )
)
"""Was the old line's, and is not asked for in the new one."""


class Transfers:
    def __init__(
        self,
        acting: Acting,
        services: Services,
        tokens: Tokens,
        serving: ServingTokens,
        numbering: Numbering,
        live: LiveFields,
        clock: Clock,
    ) -> None:
        self._acting = acting
        self._services = services
        self._tokens = tokens
        self._serving = serving
        self._numbering = numbering
        self._live = live
        self._clock = clock

    async def transfer(self, token_id: str, hand: Hand, to: str) -> Acted:
        """The old token, which says where they are now. Raises SameLine, LineClosed, LineFull,
        AlreadyInLine, and NotFound for a line that is absent or that they do not oversee."""
        found = await self._acting.find(token_id, NAME, hand)
        if found.replayed:
            return found
        token = found.token
        if not may_move(token, "transferred"):
            raise IllegalTransition(state=token.status)
        target = await self._services.find(to)
        if target is None or not hand.caller.oversees_service(to):
            raise NotFound
        await self._check(token, target)
        now = self._clock.now()
        arrival = {"service_id": target.id, "token_id": derived_id("tok", token.id, NAME)}
        gone = await self._acting.move(
            token, "transferred", NAME, hand, fields={"transfer": arrival, "transfer_due": now + AGAIN_IN}
        )
        assert gone is not None, "nothing else was expected of it"
        try:
            await self._arrive(gone.token)
        except Transient:  # The decision stands; the sweeper has the rest.
            return gone
        return gone

    async def sweep(self, limit: int) -> int:
        owed = [token async for token in self._serving.owed_transfers(AGAIN_IN, limit)]
        return await each(owed, self._finish, "transfer")

    async def arrived(self, token: Token) -> Token | None:
        """The token that a transferred one became, once it is there."""
        return await self._tokens.find(token.transfer.token_id) if token.transfer else None

    async def _check(self, token: Token, target: Service) -> None:
        """What would be refused at the door is refused before they leave. Between here and there the
        door may shut, and lets in who has left."""
        if target.id == token.service_id:
            raise SameLine
        if target.state == "closed":
            raise LineClosed
        if target.capacity is not None and (await self._tokens.places(target.id))[0] >= target.capacity:
            raise LineFull
        keys = self._live.contact_keys(token.contact, token.user_id)
        if keys and await self._tokens.by_contact(target.id, keys):
            raise AlreadyInLine

    async def _finish(self, old: Token) -> None:
        if await self.arrived(old) is None:
            await self._arrive(old)
        else:
            await self._serving.transferred(old)

    async def _arrive(self, old: Token) -> None:
        """Bears repetition: the new token's id is derived from the old one's."""
        assert old.transfer is not None
        target = await self._services.find(old.transfer.service_id)
        if target is None:
            raise NotFound
        draft = self._draft(old, old.transfer)
        entered = await self._enter(target, draft)
        if isinstance(entered, ContactInLine):  # Joined there themselves in the meantime.
            entered = await self._enter(target, replace(draft, contact=None, user_id=None))
        if not isinstance(entered, Token):
            raise Transient(f"a transfer is refused: {type(entered).__name__}")
        await self._serving.transferred(old)

    async def _enter(self, target: Service, draft: Token) -> Token | Refusal:
        return await self._numbering.enter(
            target, draft, lambda token: [told(token, None, "waiting", "transferred")]
        )

    def _draft(self, old: Token, transfer: Transfer) -> Token:
        now = self._clock.now()
        entry = {"at": now, "from": None, "to": "waiting", "cause": "transferred", "by": "system"}
        return replace(
            old,
            id=transfer.token_id,
            service_id=transfer.service_id,
            day="",
            number=0,
            status="waiting",
            version=1,
            created_at=now,
            history=(entry,),
            notify=replace(old.notify, reminded_at=None),  # Of this line they have heard nothing yet.
            **_LEFT_BEHIND,
            idem={},
        )
