"""What is known about people: shown, exported, forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.accounts.personal import Records
from app.accounts.repository import SessionRepository, UserRepository
from app.accounts.repository.erasure import ErasureRepository
from app.accounts.service import AccountLimits, Once
from app.accounts.service.personal import PersonalData
from app.bootstrap.accounts import Accounts
from app.bootstrap.engines import Engines
from app.bootstrap.sales import Sales
from app.core.idempotency import IdempotencyKeys
from app.core.ratelimit import RateLimiter
from app.orders.repository import Orders
from app.orders.service.personal import OrderRecords
from app.orders.service.retention import Retention
from app.queues.repository.personal import PersonalTokens
from app.queues.repository.services import Services as Lines
from app.queues.service.personal import ContactRetention, TokenRecords


@dataclass
class Privacy:
    personal: PersonalData
    retention: Retention
    contacts: ContactRetention
    repositories: tuple[ErasureRepository, PersonalTokens]

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [self.personal]


def build_privacy(engines: Engines, keys: IdempotencyKeys, accounts: Accounts, sales: Sales) -> Privacy:
    """A domain that keeps something about people is one more in the list of records."""
    settings, database, clock = engines.settings, engines.mongo.database, engines.clock
    users, orders, erasures = UserRepository(database), Orders(database, clock), ErasureRepository(database)
    tokens = PersonalTokens(database, clock)
    records: list[Records] = [
        OrderRecords(orders, sales.payments, sales.catalogue, sales.presenter, users.get),
        TokenRecords(tokens, Lines(database), users.get),
    ]
    return Privacy(
        personal=PersonalData(
            users,
            SessionRepository(database),
            accounts.sessions,
            erasures,
            accounts.identities.photos,
            AccountLimits(RateLimiter(engines.redis), engines.ring),
            Once(keys, engines.ring),
            clock,
            records,
            lifetime=timedelta(minutes=settings.security.access_minutes),
        ),
        retention=Retention(orders, sales.payments, sales.catalogue, clock, settings.privacy.contact_days),
        contacts=ContactRetention(tokens, clock, settings.privacy.line_contact_days),
        repositories=(erasures, tokens),
    )
