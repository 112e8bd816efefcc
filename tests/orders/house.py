"""The whole API in this process on real servers, and the people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from pymongo import monitoring
from ulid import ULID

from app.bootstrap import Services, build
from app.bootstrap.sales import Sales
from app.core.clock import rfc3339
from app.core.mongo import Database
from app.main import assemble
from app.payments.models import payment_id
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from app.settings import Mongo, Redis, Runtime, Settings
from app.settings import Payments as PaymentSettings
from app.settings import Sales as SalesSettings

Json = dict[str, Any]
NOWHERE = "http://127.0.0.1:9"
"""Where the sandbox would send its webhooks: tests settle what they want settled."""
SILENT = Faults(lose=1.0)
ADMIN = ("admin@example.com", "admin-password-123")
SOON = datetime.now(UTC) + timedelta(days=60)


@dataclass
class House:
    services: Services
    client: httpx.AsyncClient
    admin: str
    """An access token."""

    @property
    def sales(self) -> Sales:
        return self.services.sales

    @property
    def database(self) -> Database:
        return self.services.engines.mongo.database

    @property
    def sandbox(self) -> SandboxProvider:
        return cast(SandboxProvider, self.sales.providers["sandbox"])

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    async def event(self, *, publish: bool = True, **fields: Any) -> Json:
        """Ten places at 25.00 and five seats (stalls/A/1 to 5) at 50.00, unless told otherwise."""
        answer = await self.call("POST", "/events", event_body(**fields), token=self.admin)
        assert answer.status_code == 201, answer.text
        event = cast(Json, answer.json())
        if publish:
            answer = await self.call("POST", f"/events/{event['id']}/publish", token=self.admin)
            assert answer.status_code == 200, answer.text
            event = answer.json()
        return event

    async def change(self, event: Json, **fields: Any) -> Json:
        answer = await self.call("PATCH", f"/events/{event['id']}", fields, token=self.admin)
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json())

    async def cancel_event(self, event: Json) -> None:
        answer = await self.call("POST", f"/events/{event['id']}/cancel", token=self.admin)
        assert answer.status_code == 200, answer.text

    async def try_book(
        self,
        event: Json,
        items: Sequence[Json],
        *,
        email: str | None = None,
        token: str | None = None,
        key: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        body: Json = {"items": list(items), "provider": "sandbox", **more}
        if token is None:
            body.setdefault("customer", {"name": "Ann", "email": email or some_email()})
        return await self.call("POST", f"/events/{event['id']}/orders", body, token=token, key=key)

    async def book(self, event: Json, *items: Json, **more: Any) -> Json:
        answer = await self.try_book(event, items or (places(event),), **more)
        assert answer.status_code == 201, answer.text
        return cast(Json, answer.json())

    async def visit(self, order: Json, outcome: str | None = None) -> httpx.Response:
        """Follows ``checkout_url``; with an outcome as a script does."""
        if outcome is None:
            return await self.client.get(f"/checkout/{order['id']}")
        return await self.client.post(f"/checkout/{order['id']}", data={"outcome": outcome})

    async def pay(self, order: Json) -> Json:
        """Paid, and the webhook worked on."""
        answer = await self.visit(order, "paid")
        assert answer.status_code == 200, answer.text
        await self.settle(order)
        return await self.show(order)

    async def settle(self, order: Json, n: int = 1) -> None:
        """What the job does that a webhook wakes."""
        await self.sales.settlement.by_ref("sandbox", await self.ref(order, n))

    async def ref(self, order: Json, n: int = 1) -> str:
        return str((await self.payment(order, n))["ref"])

    async def pay_at_provider(self, order: Json, n: int = 1) -> None:
        await self.sandbox.settle(await self.ref(order, n), "paid")

    async def show(self, order: Json, token: str | None = None) -> Json:
        answer = await self.call("GET", f"/orders/{order['id']}", token=token or order.get("secret"))
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json()) | {"secret": order.get("secret")}

    async def document(self, order: Json) -> Json:
        found = await self.database["orders"].find_one({"_id": order["id"]})
        assert found is not None
        return found

    async def payment(self, order: Json, n: int = 1) -> Json:
        found = await self.database["payments"].find_one({"_id": payment_id(order["id"], n)})
        assert found is not None
        return found

    async def charge(self, order: Json, n: int = 1) -> Json:
        found = await self.database["sandbox_ledger"].find_one({"payment_id": payment_id(order["id"], n)})
        assert found is not None
        return found

    async def orders_of(self, event: Json) -> list[Json]:
        return await self.database["orders"].find({"event_id": event["id"]}).to_list(None)

    async def let_time_pass(self, order: Json, seconds: float = 1.0) -> None:
        """The deadline moves into the past, in the document and in the picture."""
        past = datetime.now(UTC) - timedelta(seconds=seconds)
        await self.database["orders"].update_one({"_id": order["id"]}, {"$set": {"deadline": past}})
        await self.look_soon(order)
        name = f"stock:{{{order['event_id']}}}:due"
        await self.services.engines.redis.zadd(name, {order["id"]: past.timestamp() * 1000}, xx=True)

    async def look_soon(self, order: Json) -> None:
        """The sweepers' time for an opened order has come."""
        past = {"$set": {"check_at": datetime.now(UTC) - timedelta(seconds=1)}}
        query = {"_id": order["id"], "check_at": {"$exists": True}}
        await self.database["orders"].update_one(query, past)

    async def end_opened(self, order: Json) -> None:
        await self.look_soon(order)
        await self.sales.settlement.end_opened(100)

    async def availability(self, event: Json) -> dict[str, tuple[int, int, int]]:
        """Ticket type's name -> (available, held, sold)."""
        answer = await self.call("GET", f"/events/{event['id']}/availability")
        assert answer.status_code == 200, answer.text
        return {t["name"]: (t["available"], t["held"], t["sold"]) for t in answer.json()["ticket_types"]}

    async def customer(self) -> tuple[str, str]:
        """A new account's access token and email."""
        email = some_email()
        body = {"email": email, "password": "a long walk home", "name": "Ada"}
        answer = await self.call("POST", "/auth/signup", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["access_token"]), email


@asynccontextmanager
async def open_house(
    mongo_url: str,
    redis_url: str,
    *,
    database: str = "",
    listeners: Sequence[monitoring.CommandListener] = (),
    driver: Any = "pymongo",
    sales: Mapping[str, Any] | None = None,
    payments: Mapping[str, Any] | None = None,
) -> AsyncIterator[House]:
    """A second house on the same database is a second API process."""
    name = database or f"test_{ULID()}".lower()
    settings = Settings(
        runtime=Runtime(public_url=NOWHERE),
        mongo=Mongo(mongodb_url=mongo_url, mongodb_database=name, mongo_driver=driver),
        redis=Redis(redis_url=redis_url, redis_timeout_ms=1000),
        sales=SalesSettings(**(sales or {})),
        payments=PaymentSettings(**(payments or {})),
    )
    services = build(settings, listeners)
    transport = httpx.ASGITransport(assemble(services), raise_app_exceptions=False)
    try:
        await services.prepare()
        await services.accounts.accounts.ensure_admin(*ADMIN)
        async with httpx.AsyncClient(transport=transport, base_url="http://usher.test") as client:
            house = House(services, client, "")
            body = {"email": ADMIN[0], "password": ADMIN[1]}
            house.admin = (await house.call("POST", "/auth/signin", body)).json()["access_token"]
            await house.sandbox.set_faults(SILENT)
            yield house
    finally:
        if not database:
            await services.engines.mongo.database.client.drop_database(name)
        await services.close()


def event_body(**fields: Any) -> Json:
    body: Json = {
        "name": "Night of Organs",
        "starts_at": rfc3339(SOON),
        "timezone": "Europe/Vienna",
        "currency": "EUR",
        "ticket_types": [
            {"name": "Standing", "price": 2500, "capacity": 10},
            {"name": "Seat", "price": 5000},
        ],
        "seating": seating(A=5),
    }
    return {name: value for name, value in (body | fields).items() if value is not None}


def seating(section: str = "stalls", ticket_type: str = "Seat", **rows: int) -> Json:
    named = [{"name": name, "seats": seats} for name, seats in rows.items()]
    return {"sections": [{"name": section, "ticket_type": ticket_type, "rows": named}]}


def standing(capacity: int, price: int = 2500, **more: Any) -> Json:
    """Fields of an event without seats."""
    kind = {"name": "Standing", "price": price, "capacity": capacity, **more}
    return {"ticket_types": [kind], "seating": None}


def places(event: Json, quantity: int = 1, name: str = "Standing") -> Json:
    return {"ticket_type_id": type_id(event, name), "quantity": quantity}


def seat(number: int, row: str = "A", section: str = "stalls") -> Json:
    return {"seat_id": f"{section}/{row}/{number}"}


def type_id(event: Json, name: str = "Standing") -> str:
    return str(next(kind["id"] for kind in event["ticket_types"] if kind["name"] == name))


def some_email() -> str:
    return f"{ULID()}@example.com".lower()


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; fails on anything that is not a well-formed problem."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return answer.status_code, str(body["code"])
