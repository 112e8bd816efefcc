"""What all actions at a counter share: whose token, which version, whether the request was done before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.accounts.audit import deed
from app.accounts.models import Caller
from app.core.errors import KeyReused, NotFound, StaleVersion
from app.core.idempotency import body_hash
from app.core.messages import Message
from app.core.mongo import Document, DuplicateKeyError, duplicate_of
from app.queues.errors import AliasTaken, AlreadyInLine, NumberTaken
from app.queues.messages import told
from app.queues.models import Service, Status, Token
from app.queues.repository.services import Services
from app.queues.repository.tokens import Tokens

Show = Callable[[Token], Mapping[str, object]]
"""A token as staff see it."""
CAUSES = {
    "verify": "identified",
    "start": "started",
    "complete": "completed",
    "no_show": "no_show",
    "recall": "recalled",
    "requeue": "requeued",
    "transfer": "transferred",
}
"""What history and messages say of an action."""
Changed = Callable[[str], None]
"""Told the id of a line that changed, so that this process reads its own writes."""
_CLASHES = {"live_number": NumberTaken, "alias_key": AliasTaken, "contact_key": AlreadyInLine}


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand, on which version of the token, under which key. ``body``: the request's canonical text."""

    caller: Caller
    version: int
    key: str | None = None
    body: str = ""

    @property
    def key_hash(self) -> str | None:
        return key_hash(self.caller, self.key)

    def mark(self, name: str) -> str | None:
        """What stands in the history of a token that this request has moved."""
        return mark(self.key_hash, name, self.body)


@dataclass(frozen=True, slots=True)
class Acted:
    token: Token
    replayed: bool = False


def key_hash(caller: Caller, key: str | None) -> str | None:
    return body_hash(caller.key, key) if key else None


def mark(key: str | None, name: str, body: str) -> str | None:
    return f"{key}:{name}:{body_hash(body)}" if key else None


def was_done(token: Token, key: str | None, its_mark: str | None) -> bool:
    """Whether this very request is in the history. Raises KeyReused for its key with another body."""
    if key is None or its_mark is None:
        return False
    for entry in token.history:
        if entry.get("key") == its_mark:
            return True
        if str(entry.get("key", "")).startswith(f"{key}:"):
            raise KeyReused
    return False


class Acting:
    def __init__(self, tokens: Tokens, services: Services, show: Show, changed: Changed) -> None:
        self.tokens = tokens
        self._services = services
        self._show = show
        self._changed = changed

    async def find(self, token_id: str, name: str, hand: Hand) -> Acted:
        """Raises NotFound for a token that is absent or of a line they do not oversee, and StaleVersion."""
        token = await self.tokens.find(token_id)
        if token is None or not hand.caller.oversees_service(token.service_id):
            raise NotFound
        if was_done(token, hand.key_hash, hand.mark(name)):
            return Acted(token, replayed=True)
        if token.version != hand.version:
            raise self.stale(token)
        return Acted(token)

    async def service_of(self, token: Token) -> Service:
        service = await self._services.find(token.service_id)
        if service is None:
            raise NotFound
        return service

    def stale(self, token: Token) -> StaleVersion:
        return StaleVersion(current=dict(self._show(token)))

    async def move(
        self,
        token: Token,
        to: Status,
        name: str,
        hand: Hand,
        *,
        fields: Document | None = None,
        unset: Sequence[str] = (),
        expect: Document | None = None,
        more: Sequence[Message] = (),
    ) -> Acted | None:
        """None when ``expect`` does not hold. Raises StaleVersion when the token has moved meanwhile."""
        did = deed(
            hand.caller, f"token.{name}", token.id, before={"status": token.status}, after={"status": to}
        )
        counter = token.counter if to in ("called", "serving") else None
        try:
            moved = await self.tokens.move(
                token,
                to,
                cause=CAUSES[name],
                by=hand.caller.key,
                key=hand.mark(name),
                messages=[told(token, token.status, to, CAUSES[name], counter=counter), did, *more],
                fields=fields,
                unset=unset,
                expect=expect,
            )
        except DuplicateKeyError as error:
            raise _clash(error) from error
        if moved is not None:
            self._changed(token.service_id)
            return Acted(moved)
        return await self.lost(token, name, hand)

    async def lost(self, token: Token, name: str, hand: Hand) -> Acted | None:
        """Somebody else moved it, this very request in another attempt did, or nobody."""
        now = await self.tokens.find(token.id)
        if now is None:
            raise NotFound
        if was_done(now, hand.key_hash, hand.mark(name)):
            return Acted(now, replayed=True)
        if now.version != token.version:
            raise self.stale(now)
        return None


def _clash(error: DuplicateKeyError) -> Exception:
    """What somebody else in line has by now."""
    fields, _ = duplicate_of(error)
    for field, problem in _CLASHES.items():
        if field in fields:
            return problem()
    return error
