"""Who hears of a token: whoever gave an address or a number on joining, or the account that joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from app.accounts.models import Contact as Account
from app.core.errors import NotFound
from app.core.security import KeyRing
from app.queues.models import SECRET_KIND, Contact, Service, Token
from app.queues.repository.services import Services
from app.queues.repository.subscribers import Subscribers
from app.queues.repository.tokens import Tokens
from app.queues.service.codes import code_text, has_good
from app.queues.texts import Place, live_url


@dataclass(frozen=True, slots=True)
class Recipient:
    """``code``: the one-time code, while it is good."""

    token: Token
    service: Service
    contact: Contact = field(repr=False)
    place: Place = field(repr=False)
    code: str | None = field(repr=False)

    @property
    def left_by_themselves(self) -> bool:
        """Whether it was they who cancelled."""
        ends = [entry["by"] for entry in self.token.history if entry["to"] == "cancelled"]
        return bool(ends) and ends[-1] in ("guest", self.token.user_id)

    @property
    def day_over(self) -> bool:
        return any(e["to"] == "cancelled" and e["by"] == "system" for e in self.token.history)


class LineRecipients:
    def __init__(
        self,
        tokens: Tokens,
        services: Services,
        subscribers: Subscribers,
        ring: KeyRing,
        find_account: Callable[[str], Awaitable[Account]],
        public_url: str,
    ) -> None:
        self._tokens = tokens
        self._services = services
        self._subscribers = subscribers
        self._ring = ring
        self._find_account = find_account
        self._public_url = public_url

    async def of(self, token_id: str) -> Recipient | None:
        """None where nobody can be told: they gave no address, or were erased."""
        token = await self._tokens.find(token_id)
        contact = await self._contact(token) if token else None
        if token is None or contact is None:
            return None
        service = await self._services.find(token.service_id)
        if service is None:
            return None
        code = code_text(self._ring, token) if has_good(token) else None
        return Recipient(token, service, contact, self._place(token, service), code)

    async def service(self, service_id: str) -> Service | None:
        return await self._services.find(service_id)

    async def following(self, service_id: str) -> AsyncIterator[tuple[Token, Contact]]:
        """Who wants to hear when this line changes."""
        async for token in self._subscribers.of_changes(service_id):
            contact = await self._contact(token)
            if contact is not None:
                yield token, contact

    async def _contact(self, token: Token) -> Contact | None:
        """What they gave goes before what their account says; a phone is never taken from there."""
        given = token.contact
        if given is not None and given.reachable:
            return given
        if token.user_id is None:
            return None
        try:
            account = await self._find_account(token.user_id)
        except NotFound:
            return None
        return Contact(None, account.email, None)

    def _place(self, token: Token, service: Service) -> Place:
        secret = f"{token.id}.{self._ring.secret(SECRET_KIND, token.secret_id, token.grant)}"
        url = live_url(self._public_url, service.slug, token.number, secret)
        return Place(service.name, service.slug, token.number, token.alias, url)
