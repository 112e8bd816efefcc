"""Links that travel by mail: who reads the mail of an address, and may choose a new password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.accounts.links import LinkSecrets
from app.accounts.repository import UserRepository
from app.accounts.repository.password_requests import PasswordRequestRepository
from app.accounts.service import Once, Passwords, SessionService
from app.accounts.service.mail_limits import MailLimits
from app.accounts.service.password_reset import PasswordReset
from app.accounts.service.verification import Verification
from app.bootstrap.engines import Engines
from app.core.ratelimit import RateLimiter


@dataclass
class MailLinks:
    verification: Verification
    resets: PasswordReset
    requests: PasswordRequestRepository

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [self.verification, self.resets]


def build_mail_links(
    engines: Engines, users: UserRepository, sessions: SessionService, passwords: Passwords, once: Once
) -> MailLinks:
    settings, clock, ring = engines.settings.mail, engines.clock, engines.ring
    limiter = RateLimiter(engines.redis)
    limits = MailLimits(limiter, ring, settings.mails_per_hour, settings.mails_address_per_hour)
    links = LinkSecrets(ring)
    requests = PasswordRequestRepository(engines.mongo.database)
    verify_for, reset_for = timedelta(days=settings.verify_days), timedelta(minutes=settings.reset_minutes)
    return MailLinks(
        verification=Verification(users, links, limits, once, clock, verify_for),
        resets=PasswordReset(
            users, requests, sessions, passwords, links, limits, once, ring, clock, reset_for
        ),
        requests=requests,
    )
