"""Who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.accounts.access_tokens import AccessTokens
from app.accounts.api_keys import ApiKeyTokens
from app.accounts.refresh_tokens import RefreshTokens
from app.accounts.repository import ApiKeyRepository, SessionRepository, UserRepository
from app.accounts.service import (
    AccountLimits,
    AccountService,
    Administration,
    ApiKeyService,
    Callers,
    Once,
    Passwords,
    Revocations,
    SessionService,
    SignInService,
)
from app.bootstrap.engines import Engines, Prepares
from app.bootstrap.identity import Identities, build_identities, build_vouchers
from app.bootstrap.mail_links import MailLinks, build_mail_links
from app.core.idempotency import IdempotencyKeys
from app.core.ratelimit import RateLimiter


@dataclass
class Accounts:
    accounts: AccountService
    administration: Administration
    api_keys: ApiKeyService
    sign_in: SignInService
    sessions: SessionService
    callers: Callers
    revocations: Revocations
    passwords: Passwords
    identities: Identities
    mail_links: MailLinks
    repositories: tuple[Prepares, ...]

    def provided(self) -> list[object]:
        """What routes may ask for."""
        own = [self.accounts, self.administration, self.api_keys, self.sign_in, self.sessions, self.callers]
        return [*own, *self.identities.provided(), *self.mail_links.provided()]

    async def close(self) -> None:
        self.passwords.stop()
        await self.identities.close()


def build_accounts(engines: Engines, keys: IdempotencyKeys) -> Accounts:
    database, clock, ring = engines.mongo.database, engines.clock, engines.ring
    security = engines.settings.security
    users, sessions = UserRepository(database), SessionRepository(database)
    lifetime = timedelta(minutes=security.access_minutes)
    access = AccessTokens(ring, clock, security.access_minutes)
    revocations = Revocations(users, sessions, clock, lifetime)
    session_service = SessionService(
        users, sessions, access, RefreshTokens(ring), revocations, clock, security.refresh_days
    )
    passwords = Passwords(security.password_hashes_at_once, security.password_hashes_waiting)
    limits = AccountLimits(
        RateLimiter(engines.redis), ring, security.signin_per_minute, security.signin_address_per_minute
    )
    once = Once(keys, ring)
    vouchers = build_vouchers(engines.settings.identity, clock)
    identities = build_identities(engines, vouchers, users, session_service, limits, once)
    mail_links = build_mail_links(engines, users, session_service, passwords, once)
    api_key_documents = ApiKeyRepository(database)
    api_keys = ApiKeyService(api_key_documents, ApiKeyTokens(ring), keys, clock)
    return Accounts(
        accounts=AccountService(users, session_service, passwords, limits, once, clock),
        administration=Administration(users, session_service, once, clock),
        api_keys=api_keys,
        sign_in=SignInService(
            users, session_service, passwords, limits, once, clock, recaptcha=vouchers.recaptcha
        ),
        sessions=session_service,
        callers=Callers(access, revocations, users, sessions, api_keys),
        revocations=revocations,
        passwords=passwords,
        identities=identities,
        mail_links=mail_links,
        repositories=(
            users,
            sessions,
            api_key_documents,
            identities.photo_documents,
            mail_links.requests,
        ),
    )
