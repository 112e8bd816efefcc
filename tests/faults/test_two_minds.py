"""Two workers settle one late payment while its place comes free between them: one decision stands."""

from __future__ import annotations

import asyncio

from app.bootstrap import Services
from app.orders.models import Order
from app.orders.service.charges import Charges
from app.orders.service.ending import Ending
from app.orders.service.places import Places
from app.orders.service.settlement import Settlement
from app.orders.sold_out import SoldOutMemo
from app.payments.models import Disposition, Payment
from app.payments.providers.sandbox.faults import Faults
from app.payments.service import Readings, Returns
from tests.faults.buyer import Buyer
from tests.faults.invariants import money
from tests.faults.scenarios import QUIET
from tests.faults.stage import Stage

PROMISE_BREAKING = Faults(lose=1.0, captures_when_closed=True)


class Hesitant(Returns):
    """Stands still before it acts on a decision, as a worker does that the machine forgot for a while."""

    reached: asyncio.Event
    go_on: asyncio.Event

    async def dispose(self, payment: Payment, disposition: Disposition, cause: str) -> Payment:
        await self._hesitate()
        return await super().dispose(payment, disposition, cause)

    async def give_back(self, payment: Payment, id: str, reason: str) -> Payment:
        await self._hesitate()
        return await super().give_back(payment, id, reason)

    async def _hesitate(self) -> None:
        self.reached.set()
        await self.go_on.wait()


class Undecided(Settlement):
    """The guard taken away: the order is asked neither who looks for places nor before money goes back."""

    async def _late(self, order: Order, payment: Payment) -> None:
        if not await self._reacquire(order, payment):
            await self._refuse(order, payment, "paid too late")

    async def _refuse(self, order: Order, payment: Payment, why: str) -> None:
        await self._give_back(payment)


class Mind:
    """One worker that settles a payment and hesitates once."""

    def __init__(self, services: Services, kind: type[Settlement]) -> None:
        sales, clock = services.sales, services.engines.clock
        _, _, orders, documents = sales.repositories
        self.returns = Hesitant(documents, Readings(documents, clock), sales.payments.provider, clock)
        self.returns.reached, self.returns.go_on = asyncio.Event(), asyncio.Event()
        places = Places(sales.stock, sales.catalogue, sales.availability, SoldOutMemo())
        ending = Ending(orders, sales.payments, Charges(sales.catalogue, ""), places, clock)
        self._settlement = kind(
            orders, sales.payments, self.returns, sales.stock, sales.catalogue, places, ending, clock
        )

    async def begin(self, ref: str) -> asyncio.Task[object]:
        """Settles as far as its decision."""
        settling: asyncio.Task[object] = asyncio.create_task(self._settlement.by_ref("sandbox", ref))
        reached = asyncio.create_task(self.returns.reached.wait())
        await asyncio.wait([settling, reached], timeout=300, return_when=asyncio.FIRST_COMPLETED)
        assert reached.done(), "it never decided"
        return settling


async def test_money_refused_is_not_sold_tickets_by_somebody_else(stage: Stage) -> None:
    await _of_two_minds(stage, Settlement)
    await stage.settled()
    assert await money(stage.house.database) == []
    assert await stage.status() == "expired"


async def test_control_without_the_orders_decision_the_buyer_gets_both(stage: Stage) -> None:
    await _of_two_minds(stage, Undecided)
    await stage.settled()
    assert any("became refunded" in broken for broken in await money(stage.house.database))


async def _of_two_minds(stage: Stage, kind: type[Settlement]) -> None:
    """One finds the seat sold; then the seat comes free; another one looks, and both act."""
    ref = await _paid_too_late(stage)
    other = await Buyer(stage.house.client).book(stage.event.id, [stage.seat()])
    assert other.status_code == 201
    refusing, selling = Mind(stage.house.services, kind), Mind(stage.house.services, kind)
    first = await refusing.begin(ref)
    path, secret = f"/api/v1/orders/{other.json()['id']}/cancel", other.json()["secret"]
    assert (await Buyer(stage.house.client).post(path, secret=secret)).status_code == 200
    second = await selling.begin(ref)
    refusing.returns.go_on.set()
    await first
    selling.returns.go_on.set()
    await second


async def _paid_too_late(stage: Stage) -> str:
    await stage.faults(QUIET)
    await stage.book(items=[stage.seat()])
    await stage.open()
    await stage.overdue()
    await stage.settled()
    ref = (await stage.payment()).ref
    assert ref
    await stage.provider.set_faults(PROMISE_BREAKING, ref)
    await stage.provider.settle(ref, "paid")
    return ref
