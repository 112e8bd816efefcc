"""The accounts' rooms with their links, and a letter box in the place of the post office."""

from __future__ import annotations

from app.accounts.links import LinkSecrets
from app.accounts.repository.password_requests import PasswordRequestRepository
from app.accounts.service import Once
from app.accounts.service.mail_limits import MailLimits
from app.accounts.service.password_reset import PasswordReset
from app.accounts.service.verification import Verification
from app.core.mongo import Database, Document
from app.core.ratelimit import RateLimiter
from app.core.redis import Client
from tests.accounts.house import House, Person


class MailHouse(House):
    def __init__(self, database: Database, redis: Client, *, mails_per_hour: int = 5) -> None:
        super().__init__(database, redis)
        self.requests = PasswordRequestRepository(database)
        links, once = LinkSecrets(self.ring), Once(self.keys, self.ring)
        limits = MailLimits(RateLimiter(redis), self.ring, mails_per_hour, address_per_hour=50)
        self.verification = Verification(self.users, links, limits, once, self.clock)
        self.resets = PasswordReset(
            self.users,
            self.requests,
            self.session_service,
            self.passwords,
            links,
            limits,
            once,
            self.ring,
            self.clock,
        )
        self.app.state.provided |= {Verification: self.verification, PasswordReset: self.resets}

    async def prepare(self) -> None:
        await super().prepare()
        await self.requests.prepare()

    async def told(self, type: str) -> list[Document]:
        """What the relay would find, oldest first."""
        entries = [
            entry
            for name in ("users", "password_requests")
            async for document in self.database[name].find({"outbox": {"$exists": True}})
            for entry in document["outbox"]
        ]
        return sorted((e for e in entries if e["type"] == type), key=lambda e: str(e["id"]))

    async def verification_secret(self, person: Person) -> str:
        """What the newest verification mail would hold."""
        user = await self.verification.begin(person.id)
        assert user is not None
        assert user.verification is not None
        mailing = await self.verification.mailing(user.id, user.verification.n)
        assert mailing is not None
        return mailing.secret

    async def reset_secret(self, person: Person) -> str:
        """Asks for a reset; the secret is what the mail would hold."""
        answer = await self.forgot(person)
        assert answer == 204
        return await self.answered()

    async def forgot(self, person: Person) -> int:
        body = {"email": person.email}
        return (await person.call("POST", "/api/v1/auth/password/forgot", body)).status_code

    async def answered(self) -> str:
        """What a worker makes of the last request."""
        request = (await self.told("password.forgotten"))[-1]["key"]
        user = await self.resets.answer(request)
        await self.resets.forget(request)
        assert user is not None
        assert user.reset is not None
        mailing = await self.resets.mailing(user.id, user.reset.n)
        assert mailing is not None
        return mailing.secret


async def verify(person: Person, secret: str, **more: str) -> int:
    answer = await person.call("POST", "/api/v1/auth/verify", {"secret": secret}, headers=more)
    return answer.status_code


async def reset(person: Person, secret: str, password: str, **more: str) -> int:
    body = {"secret": secret, "password": password}
    return (await person.call("POST", "/api/v1/auth/password/reset", body, headers=more)).status_code
