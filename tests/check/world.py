"""A small world in which everything has happened once and nothing is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.check import check
from app.core.mongo import Document
from app.payments.models import payment_id
from app.payments.providers.sandbox.faults import Faults
from app.queues.repository.services import Services
from app.queues.repository.tokens import Tokens
from tests.check import line_world
from tests.orders.house import House, Json, places, seat, standing

COLLECTIONS = (
    "events",
    "orders",
    "payments",
    "sandbox_ledger",
    "messages",
    "deliveries",
    "services",
    "tokens",
)


@dataclass
class World:
    house: House
    mongo_url: str
    redis_url: str
    event: Json
    orders: dict[str, str] = field(default_factory=dict)
    """What became of it -> order id."""
    tokens: dict[str, str] = field(default_factory=dict)
    """What became of it -> token id."""

    def payment(self, name: str) -> str:
        return payment_id(self.orders[name], 1)

    async def report(self) -> dict[str, Any]:
        database = self.house.database.name
        return await check(self.mongo_url, self.redis_url, database, pause=0.0)

    async def update(self, collection: str, id: str, change: Any) -> None:
        found = await self.house.database[collection].update_one({"_id": id}, change)
        assert found.matched_count == 1

    async def order(self, name: str, change: Any) -> None:
        await self.update("orders", self.orders[name], change)

    async def pay(self, name: str, change: Any) -> None:
        await self.update("payments", self.payment(name), change)

    async def token(self, name: str, change: Any) -> None:
        await self.update("tokens", self.tokens[name], change)

    async def charge(self, name: str, change: Any) -> None:
        found = await self.house.database["sandbox_ledger"].update_one(
            {"payment_id": self.payment(name)}, change
        )
        assert found.matched_count == 1

    async def insert(self, collection: str, document: Document) -> None:
        await self.house.database[collection].insert_one(document)

    async def copy(self, name: str, **changes: Any) -> None:
        """A second order like one that is there, without its idempotency key."""
        found = await self.house.database["orders"].find_one({"_id": self.orders[name]})
        assert found is not None
        await self.insert("orders", found | {"_id": "ord_00000000000000000000000001"} | changes)

    async def copy_token(self, name: str, same: str) -> None:
        """A token of the same line that is like another one in this field only."""
        found = await self.house.database["tokens"].find_one({"_id": self.tokens[name]})
        assert found is not None
        name = "tok_00000000000000000000000001"
        own = {"_id": name, "secret_id": name, "number": 99, "live_number": 99, "alias_key": "x", "place": 99}
        own |= {"invite": 99, "contact_key": ["x"]}
        await self.insert("tokens", found | own | {same: found[same]})

    async def drop_index(self, collection: str, name: str) -> None:
        """That decided alone who has what."""
        if name in await self.house.database[collection].index_information():
            await self.house.database[collection].drop_index(name)

    async def without_guard(self, name: str) -> None:
        await self.house.database["orders"].drop_index(name)

    async def keep(self) -> dict[str, list[Document]]:
        return {name: await self.house.database[name].find({}).to_list(None) for name in COLLECTIONS}

    async def restore(self, kept: dict[str, list[Document]]) -> None:
        for name, documents in kept.items():
            await self.house.database[name].delete_many({})
            if documents:
                await self.house.database[name].insert_many(documents)
        await self.prepare()

    async def prepare(self) -> None:
        """The indexes that a plant may have dropped."""
        engines = self.house.services.engines
        lines = Services(engines.mongo.database), Tokens(engines.mongo.database, engines.clock)
        for repository in (*self.house.sales.repositories, *lines):
            await repository.prepare()


async def make_world(house: House, mongo_url: str, redis_url: str) -> World:
    event = await house.event(max_per_customer=6, hold_minutes=60)
    world = World(house, mongo_url, redis_url, event)
    made = world.orders
    made["pending"] = (await house.book(event, places(event, 2)))["id"]
    opened = await house.book(event, seat(1))
    await house.visit(opened)
    made["opened"] = opened["id"]
    made["paid"] = (await house.pay(await house.book(event, places(event, 2), seat(2))))["id"]
    partly = await house.pay(await house.book(event, places(event, 2)))
    ticket = partly["tickets"][0]["id"]
    await house.call("POST", f"/orders/{partly['id']}/refunds", {"tickets": [ticket]}, token=partly["secret"])
    made["partly"] = partly["id"]
    refunded = await house.pay(await house.book(event, seat(3)))
    await house.call("POST", f"/orders/{refunded['id']}/cancel", token=refunded["secret"])
    made["cancelled"] = refunded["id"]
    expired = await house.book(event, seat(4))
    await house.let_time_pass(expired)
    await house.sales.expiry.sweep()
    made["expired"] = expired["id"]
    made["late"] = await _paid_when_cancelled(house, event)
    made["quarantined"] = await _paid_too_much(house, event)
    gratis = await house.event(**standing(5, price=0))
    made["free"] = (await house.book(gratis, places(gratis, 2), provider=None))["id"]
    kinds = [
        {"id": kind["id"], "name": kind["name"], "price": kind["price"], "capacity": 9}
        if not kind["seated"]
        else {"id": kind["id"], "name": kind["name"], "price": kind["price"]}
        for kind in event["ticket_types"]
    ]
    await house.change(event, ticket_types=kinds)
    await world.prepare()
    await house.database["services"].insert_many(line_world.services())
    tokens = line_world.tokens()
    await house.database["tokens"].insert_many(tokens.values())
    world.tokens = {name: token["_id"] for name, token in tokens.items()}
    return world


async def _paid_when_cancelled(house: House, event: Json) -> str:
    order = await house.book(event, seat(3))
    await house.visit(order)
    await house.call("POST", f"/orders/{order['id']}/cancel", token=order["secret"])
    await house.sandbox.set_faults(Faults(lose=1.0, captures_when_closed=True), await house.ref(order))
    await house.pay_at_provider(order)
    await house.settle(order)
    return str(order["id"])


async def _paid_too_much(house: House, event: Json) -> str:
    order = await house.book(event, seat(5))
    await house.visit(order)
    await house.sandbox.set_faults(Faults(lose=1.0, mismatch=1), await house.ref(order))
    await house.pay_at_provider(order)
    await house.settle(order)
    return str(order["id"])
