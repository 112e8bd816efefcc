"""What comes in from providers, what goes out on the bus, and who is woken."""

from __future__ import annotations

from dataclasses import dataclass

from app.admin.repository import AuditLog
from app.admin.service import AuditRetention, BackOffice
from app.bootstrap.engines import Engines
from app.bootstrap.sales import Sales
from app.bus.base import Bus
from app.bus.redis_streams import RedisStreams
from app.bus.repository import MessageLog
from app.core.idempotency import IdempotencyKeys
from app.core.job_runs import JobRuns
from app.core.jobs import JobQueue
from app.core.outbox import Outbox
from app.core.poke import Poke
from app.webhooks.repository import DeliveryRepository
from app.webhooks.service import Inbox


@dataclass
class News:
    bus: Bus
    messages: MessageLog
    outboxes: tuple[Outbox, ...]
    poke: Poke
    queue: JobQueue
    runs: JobRuns
    inbox: Inbox
    back_office: BackOffice
    audit: AuditLog
    audit_retention: AuditRetention
    repositories: tuple[MessageLog, JobQueue, DeliveryRepository, AuditLog]

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [self.inbox, self.queue, self.back_office, self.audit]


def build_news(engines: Engines, keys: IdempotencyKeys, sales: Sales) -> News:
    database, clock = engines.mongo.database, engines.clock
    poke = Poke(engines.redis)
    queue = JobQueue(database, clock, poke)
    messages, deliveries = MessageLog(database, clock), DeliveryRepository(database, clock)
    audit = AuditLog(database)
    inbox = Inbox(deliveries, sales.providers, sales.settlement.by_ref, queue, clock)
    return News(
        bus=RedisStreams(engines.bus_redis),
        messages=messages,
        outboxes=(
            Outbox(database["orders"], shard_key="event_id"),
            Outbox(database["payments"]),
            Outbox(database["tokens"], shard_key="service_id"),
            Outbox(database["services"], rare=True),
            Outbox(database["events"], rare=True),
            Outbox(database["users"], rare=True),
            Outbox(database["api_keys"], rare=True),
            Outbox(database["jobs"], rare=True),
            Outbox(database["job_control"], rare=True),
            Outbox(database["deliveries"], rare=True),
            Outbox(database["password_requests"], rare=True),
        ),
        poke=poke,
        queue=queue,
        runs=JobRuns(database, clock),
        inbox=inbox,
        back_office=BackOffice(queue, inbox, keys),
        audit=audit,
        audit_retention=AuditRetention(audit, clock, engines.settings.privacy.audit_days),
        repositories=(messages, queue, deliveries, audit),
    )
