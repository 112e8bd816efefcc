"""Who hears what. A message heard by one more is one line here."""

from __future__ import annotations

from app.accounts.audit import STREAM as AUDIT
from app.admin.listeners import AuditListener
from app.bootstrap import Services
from app.catalogue.messages import STREAM as EVENTS
from app.notifications.listeners import STREAMS as NEWS_BY_MAIL
from app.orders.listeners import EventListener
from app.queues.listeners import STREAMS as LINES
from app.queues.listeners import ReminderListener
from app.queues.messages import TOKENS
from app.realtime.listeners import STREAMS, LiveListener
from workers.consumer import Feed, Subscription, Subscriptions


def subscriptions(services: Services, live: LiveListener) -> Subscriptions:
    events = EventListener(services.sales.cancellations)
    audit = AuditListener(services.news.audit)
    mail = services.notifications.listener
    reminders = ReminderListener(services.notifications.reminders, services.engines.clock)
    return Subscriptions(
        durable=(
            Subscription("orders", (EVENTS,), events.heard, frozenset({"event.cancelled"})),
            Subscription("notifications", NEWS_BY_MAIL, mail.heard, mail.types),
            Subscription("audit", (AUDIT,), audit.heard),
        ),
        feeds=(
            Feed("realtime", STREAMS, live.heard),
            Feed("codes", LINES, services.lines.counters.front.heard),
            Feed("reminders", (TOKENS,), reminders.heard),
        ),
    )
