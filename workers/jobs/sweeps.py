"""What the domains want done every so often. Each finds by itself what is owed, so none may be missed for
long, and a missed round is no loss."""

from __future__ import annotations

from functools import partial

from app.bootstrap import Services
from workers.sweeps import Sweep

MINUTE, HOUR = 60.0, 3600.0
MAILS = 1000
EVENTS = 500
ONE_BY_ONE = 100
"""Items of a sweep that asks a provider about each."""


def sweeps(services: Services) -> list[Sweep]:
    sales = services.sales
    counters = services.lines.counters
    second = services.engines.settings.work.sweep_seconds
    return [
        Sweep("orders overdue", second, sales.expiry.sweep),
        Sweep("pictures compared", 10 * second, partial(sales.reconciling.sweep, EVENTS)),
        Sweep("orders ending", second, partial(sales.settlement.end_opened, ONE_BY_ONE)),
        Sweep("payments captured", 2.0, partial(sales.settlement.sweep, ONE_BY_ONE)),
        Sweep("refunds owed", 2.0, partial(sales.refunds.sweep, ONE_BY_ONE)),
        Sweep("payments open", 5.0, partial(sales.settlement.poll, ONE_BY_ONE)),
        Sweep("deliveries unhandled", second, services.news.inbox.sweep),
        Sweep("events cancelled", 10.0, partial(sales.cancellations.sweep, ONE_BY_ONE)),
        Sweep("mails owed", second, partial(services.notifications.post.sweep, MAILS)),
        Sweep("reminders due", 20 * second, services.notifications.reminders.sweep),
        Sweep("transfers owed", second, partial(counters.transfers.sweep, ONE_BY_ONE)),
        Sweep("codes owed", 5 * second, counters.codes.sweep),
        Sweep("days ended", MINUTE, counters.day_end.sweep),
        Sweep("people erased", 5.0, services.privacy.personal.sweep),
        Sweep("photos discarded", MINUTE, services.accounts.identities.photos.sweep),
        Sweep("guests forgotten", HOUR, services.privacy.retention.sweep),
        Sweep("audit forgotten", HOUR, services.news.audit_retention.sweep),
        Sweep("contacts forgotten", MINUTE, services.privacy.contacts.sweep),
    ]
