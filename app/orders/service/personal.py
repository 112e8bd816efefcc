"""Orders as part of what we know about a person: those of the account, and those booked as a guest with the
address the account has shown to be its own. An address nobody has verified proves nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from app.accounts.models import User
from app.accounts.personal import TimelineEntry
from app.catalogue.models import Event
from app.catalogue.service import Catalogue
from app.core.clock import rfc3339
from app.core.errors import NotFound
from app.orders.models import Order, guest_caller
from app.orders.person import Person
from app.orders.presenter import Presenter
from app.orders.repository import Orders
from app.orders.service.desk import Shown
from app.payments.models import Payment
from app.payments.service import PaymentService

_PAGE = 200


class OrderRecords:
    kind = "orders"

    def __init__(
        self,
        orders: Orders,
        payments: PaymentService,
        catalogue: Catalogue,
        presenter: Presenter,
        find_user: Callable[[str], Awaitable[User | None]],
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._catalogue = catalogue
        self._presenter = presenter
        self._find_user = find_user

    async def moments(self, user_id: str, before: str, limit: int) -> Sequence[TimelineEntry]:
        after = f"ord_{before}" if before else ""
        found = await self._orders.of_person(await self._person(user_id), after, limit)
        events = {event_id: await self._event(event_id) for event_id in {o.event_id for o in found}}
        return [_moment(order, events[order.event_id]) for order in found]

    async def export(self, user_id: str) -> Sequence[Mapping[str, Any]]:
        exported: list[Mapping[str, Any]] = []
        person, after = await self._person(user_id), ""
        while page := await self._orders.of_person(person, after, _PAGE):
            payments = await self._payments.of_orders([order.id for order in page])
            exported += [self._exported(order, payments) for order in page]
            after = page[-1].id
        return exported

    async def forget(self, user_id: str) -> None:
        """Payments first: afterwards nothing tells any more which were theirs."""
        person = await self._person(user_id)
        await self._payments.forget_reasons(await self._orders.ids_of_person(person))
        await self._orders.forget_person(person)

    async def _person(self, user_id: str) -> Person:
        user = await self._find_user(user_id)
        if user is None or user.mailbox is None:
            return Person(user_id)
        return Person(user_id, guest_caller(user.mailbox), user.erased_at)

    def _exported(self, order: Order, payments: Sequence[Payment]) -> Mapping[str, Any]:
        """Without the tickets' codes: whoever finds the file must not get in with it."""
        own = [payment for payment in payments if payment.order_id == order.id]
        shown = self._presenter.order(Shown(order, own, for_holder=False)).model_dump(mode="json")
        contact = order.contact
        customer = {"name": contact.name, "email": contact.email, "phone": contact.phone} if contact else None
        return {**shown, "customer": customer}

    async def _event(self, event_id: str) -> Event | None:
        try:
            return await self._catalogue.cached(event_id)
        except NotFound:
            return None


def _moment(order: Order, event: Event | None) -> TimelineEntry:
    details: dict[str, Any] = {
        "code": order.code,
        "event_id": order.event_id,
        "units": len(order.units),
        "total": {"amount": order.total.amount, "currency": order.total.currency},
    }
    if event is not None:
        details |= {
            "venue": event.venue,
            "starts_at": rfc3339(event.starts_at),
            "timezone": event.timezone,
        }
    title = event.name if event else ""
    return TimelineEntry(order.created_at, "order", order.id, order.status, title, details)
