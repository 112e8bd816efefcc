"""The whole API, and a worker that relays and keeps the audit when it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.accounts.audit import STREAM
from app.admin.listeners import AuditListener
from app.bus.memory import MemoryBus
from app.core.messages import Envelope
from tests.e2e.conftest import House, a_house, bearer, settings_for
from workers.relay import Relay

EVENT = {
    "name": "Show",
    "starts_at": "2100-05-01T19:00:00Z",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "ticket_types": [{"name": "Hall", "price": 2500, "capacity": 10}],
}


@dataclass
class Office:
    house: House
    admin: str
    """An admin's access token."""

    async def do(
        self, method: str, path: str, body: Any = None, *, token: str = "", ok: bool = True, **headers: str
    ) -> Any:
        named = bearer(token or self.admin) | {n.replace("_", "-"): v for n, v in headers.items()}
        answer = await self.house.client.request(method, f"/api/v1{path}", json=body, headers=named)
        assert answer.is_success is ok, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def id_of(self, token: str) -> str:
        return str((await self.do("GET", "/me", token=token))["id"])

    async def event(self) -> Any:
        event = await self.do("POST", "/events", EVENT)
        return await self.do("POST", f"/events/{event['id']}/publish")

    async def paid_order(self, event: Any, token: str) -> Any:
        items = [{"ticket_type_id": event["ticket_types"][0]["id"], "quantity": 2}]
        body = {"items": items, "provider": "sandbox"}
        order = await self.do("POST", f"/events/{event['id']}/orders", body, token=token)
        await self.house.client.post(f"/checkout/{order['id']}", data={"outcome": "paid"})
        sales = self.house.services.sales
        for payment in await sales.payments.of_order(order["id"]):
            await sales.settlement.by_ref("sandbox", payment.ref or "")
        return order

    async def told(self) -> list[Envelope]:
        """All that lies in the outboxes, relayed; what of it the audit hears."""
        news, bus = self.house.services.news, MemoryBus()
        relay = Relay(news.outboxes, news.messages, bus, lambda _: ())
        await relay.once()
        found = await bus.read("audit", "worker", (STREAM,), count=1000, block=0.01)
        return [envelope for _, envelope in found]

    async def keep(self) -> list[Envelope]:
        told = await self.told()
        await self.hear(told)
        return told

    async def hear(self, envelopes: list[Envelope]) -> None:
        listener = AuditListener(self.house.services.news.audit)
        for envelope in envelopes:
            await listener.heard(envelope)

    async def audit(self, query: str = "") -> list[Any]:
        await self.keep()
        return list((await self.do("GET", f"/admin/audit{query}"))["items"])


@asynccontextmanager
async def an_office(mongo_url: str, redis_url: str) -> AsyncIterator[Office]:
    async with a_house(settings_for(mongo_url, redis_url)) as house:
        yield Office(house, await house.token("admin"))
