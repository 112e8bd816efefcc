"""One case's installation and the order it is about, with the steps that scenarios are made of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import httpx

from app.catalogue.models import Event
from app.payments.models import Payment
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from tests.faults.buyer import Buyer
from tests.faults.house import House
from tests.faults.invariants import violations
from tests.faults.rounds import Rounds, hurried, overdue, settled

Json = dict[str, Any]
PATIENCE = 300.0


@dataclass
class Stage:
    house: House
    event: Event
    order_id: str = ""
    secret: str = ""
    kept: dict[str, Any] = field(default_factory=dict)
    """What a scenario wants to compare with at its end."""

    @property
    def provider(self) -> SandboxProvider:
        return cast(SandboxProvider, self.house.services.sales.providers["sandbox"])

    @property
    def standing(self) -> Json:
        return {"ticket_type_id": self.event.ticket_types[0].id, "quantity": 2}

    def seat(self, number: int = 1) -> Json:
        return {"seat_id": f"stalls/A/{number}"}

    @property
    def items(self) -> list[Json]:
        return [self.standing, self.seat()]

    async def faults(self, faults: Faults | None) -> None:
        """What the provider does wrong from now on, in all processes."""
        await self.provider.set_faults(faults)

    async def book(self, buyer: Buyer | None = None, items: list[Json] | None = None) -> httpx.Response:
        buyer = buyer or Buyer(self.house.client)
        answer = await buyer.book(self.event.id, items or self.items, key="book")
        assert answer.status_code == 201, answer.text
        self.order_id, self.secret = answer.json()["id"], answer.json()["secret"]
        return answer

    async def open(self, buyer: Buyer | None = None) -> httpx.Response:
        buyer = buyer or Buyer(self.house.client)
        return await buyer.post(f"/checkout/{self.order_id}", data={"outcome": "declined"})

    async def pay(self, buyer: Buyer | None = None) -> httpx.Response:
        buyer = buyer or Buyer(self.house.client)
        return await buyer.post(f"/checkout/{self.order_id}", data={"outcome": "paid"})

    async def confirmed(self) -> None:
        await self.book()
        assert (await self.pay()).status_code == 200
        await settled(self.house.services)
        assert await self.status() == "confirmed"

    async def overdue(self, by: timedelta = timedelta(seconds=1)) -> None:
        await overdue(self.house.services, self.order_id, by)

    async def payments(self) -> list[Payment]:
        return await self.house.services.sales.payments.of_order(self.order_id)

    async def payment(self) -> Payment:
        return next(iter(await self.payments()))

    async def order(self) -> Json:
        found = await self.house.database["orders"].find_one({"_id": self.order_id})
        assert found is not None
        return found

    async def status(self) -> str:
        return str((await self.order())["status"])

    async def settled(self) -> None:
        await settled(self.house.services)

    async def round(self) -> None:
        """One round of a worker, whatever is left after it."""
        await hurried(self.house.services)
        await Rounds(self.house.services).once()

    async def sound(self) -> None:
        """No promise is broken, and every place that nobody claims can be sold."""
        await self.settled()
        broken = await violations(self.house.place, self.house.database)
        assert not broken, broken
        await self.sold_out()

    async def sold_out(self) -> None:
        """Books what nobody claims, place by place: a place that a crash stranded would not come."""
        if (await self.house.services.sales.catalogue.fresh(self.event.id)).status != "published":
            return
        async with asyncio.timeout(PATIENCE):
            for seat in (1, 2):
                await self._sell(self.seat(seat), f"s/stalls/A/{seat}")
            for _ in range(4):
                await self._sell(self.standing | {"quantity": 1})
        claimed = await self._claimed()
        assert len(claimed) == 6, f"only {sorted(claimed)} can be sold"

    async def _sell(self, item: Json, unit: str = "") -> None:
        while True:
            claimed = await self._claimed()
            standing = sum(name.startswith("g/") for name in claimed)
            if unit in claimed or (not unit and standing == 4):
                return
            answer = await Buyer(self.house.client).book(self.event.id, [item])
            if answer.status_code == 201:
                return
            await asyncio.sleep(0.2)

    async def _claimed(self) -> set[str]:
        query = {"event_id": self.event.id, "claims": {"$gt": ""}}
        orders = await self.house.database["orders"].find(query, {"claims": 1}).to_list(None)
        return {unit for order in orders for unit in order["claims"]}
