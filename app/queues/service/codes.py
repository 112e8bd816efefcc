"""One-time codes: who has one, what it is, and whether a guess is right.

The first of those waiting, as many as there are counters, have one, and so has everybody who was called.
It is derived and never stored; a document keeps which one it is and how often it was guessed at. A code
that was used counts as tried out, so one that is no good has one look: ``tries == TRIES``.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import timedelta

from app.core.clock import Clock
from app.core.codes import TRIES, TriesSpent, tried
from app.core.messages import Message
from app.core.security import Grant, KeyRing
from app.queues.documents import code_document
from app.queues.errors import CodeExpired, NoCode, WrongCode
from app.queues.messages import told
from app.queues.models import Code, Document, Service, Status, Token
from app.queues.repository.calls import Calls
from app.queues.repository.services import Services
from app.queues.repository.serving import ServingTokens
from app.queues.repository.tokens import Tokens

KIND = "token code"
VALID = timedelta(minutes=10)
"""After the call, or after the granting of a code that came later."""
SPENT = {"code.tries": TRIES}


def code_text(ring: KeyRing, token: Token) -> str:
    assert token.code is not None
    return ring.code6(KIND, token.id, token.code.grant)


def has_good(token: Token) -> bool:
    return token.code is not None and token.code.tries < TRIES


def gets_codes(service: Service, token: Token) -> bool:
    """By what they gave on joining, or by their account. Where nothing can be sent the alias has to do."""
    reachable = token.user_id is not None or (token.contact is not None and token.contact.reachable)
    return service.verify == "otp" and reachable


class Codes:
    def __init__(
        self,
        services: Services,
        tokens: Tokens,
        calls: Calls,
        serving: ServingTokens,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._services = services
        self._calls = calls
        self._tokens = tokens
        self._serving = serving
        self._ring = ring
        self._clock = clock

    async def grant_front(self, service_id: str) -> int:
        """Gives those at the front the code they are owed. Losing a race is no harm: whoever won it tells."""
        service = await self._services.find(service_id)
        return await self._grant_front(service) if service is not None else 0

    async def sweep(self) -> int:
        """The safety net under the messages."""
        return sum([await self._grant_front(service) async for service in self._services.with_codes()])

    async def check(self, token: Token, presented: str) -> None:
        """Counts the guess, then compares. Raises NoCode, TriesSpent, CodeExpired or WrongCode."""
        if token.code is None:
            raise NoCode

        async def take() -> bool:
            return await self._serving.count_try(token, TRIES, VALID)

        try:
            right = await tried(take, lambda: self._is(token, presented))
        except TriesSpent:
            now = await self._tokens.find(token.id)
            if now is not None and has_good(now):
                raise CodeExpired from None
            raise
        if not right:
            now = await self._tokens.find(token.id)
            raise WrongCode(tries_left=TRIES - now.code.tries if now and now.code else 0)

    def another(self, token: Token, to: Status, cause: str) -> tuple[Document, Message]:
        """The field and the message of a new code; the last one is over with it."""
        n = token.code.grant.n + 1 if token.code else 1
        code = Code(Grant(self._ring.newest, n), 0, self._clock.now())
        granted = told(token, token.status, to, cause, type="token.code_granted", code_n=n)
        return {"code": code_document(code)}, granted

    def is_over(self, token: Token) -> bool:
        """Spent, or by our clock out of time: a reason to give another one, never to accept or refuse."""
        if not has_good(token):
            return True
        assert token.code is not None
        begun = max(at for at in (token.called_at, token.code.granted_at) if at is not None)
        return self._clock.now() > begun + VALID

    def _is(self, token: Token, presented: str) -> bool:
        return hmac.compare_digest(code_text(self._ring, token).encode(), presented.encode())

    async def _grant_front(self, service: Service) -> int:
        if service.verify != "otp":
            return 0
        front = await self._calls.front(service.id, service.front)
        return sum([await self._grant(token) for token in _owed(service, front)])

    async def _grant(self, token: Token) -> bool:
        fields, message = self.another(token, token.status, "front")
        granted = await self._tokens.move(
            token, token.status, cause="code granted", by="system", fields=fields, messages=[message]
        )
        return granted is not None


def _owed(service: Service, front: Iterable[Token]) -> list[Token]:
    return [token for token in front if gets_codes(service, token) and not has_good(token)]
