"""One running system with everybody in it, and fresh things to try the routes on."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from app.accounts.models import Permission
from app.bootstrap import Services
from app.core.ids import new_id
from app.core.mongo import Database
from tests.authorization.actors import PERMISSIONS, People, Person, limited_to
from tests.e2e.conftest import House, a_house, settings_for

Json = dict[str, Any]
API = "/api/v1"
EVENT: Json = {
    "name": "Show",
    "starts_at": "2100-05-01T19:00:00Z",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "ticket_types": [
        {"name": "Free", "price": 0, "capacity": 1000},
        {"name": "Paid", "price": 2500, "capacity": 1000},
    ],
}


Change = Callable[[Services], None]


def _as_it_is(services: Services) -> None:
    """Nothing is taken away."""


@dataclass
class World:
    house: House
    people: People
    tokens: dict[str, str] = field(default_factory=dict)
    persons: dict[str, Person] = field(default_factory=dict)
    event: Json = field(default_factory=dict)
    """The published event of which everything here is."""
    service: Json = field(default_factory=dict)
    """The line of which everything here is that is of a line."""
    invite: str = ""
    """Of the line that was made last."""
    _without: dict[Permission, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.house.services.engines.mongo.database

    async def request(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.house.client.request(method, path, headers=headers, **more)

    async def as_admin(self, method: str, path: str, body: Any = None) -> Json:
        answer = await self.request(method, API + path, self.tokens["admin"], json=body)
        assert answer.is_success, (path, answer.text)
        found: Json = answer.json()
        return found

    async def token(self, actor: str, permission: Permission | None, *, fresh: bool) -> str | None:
        """``fresh``: of an account of its own, for what would end the account or its sessions."""
        if actor == "nobody":
            return None
        if actor == "machine without":
            return await self._machine_without(permission)
        if fresh and actor in self.persons:
            known = self.persons[actor].user
            return (await self.people.person(known.role, known.scope)).token
        return self.tokens[actor]

    async def draft(self, **fields: Any) -> Json:
        return await self.as_admin("POST", "/events", EVENT | fields)

    async def published(self) -> Json:
        return await self.as_admin("POST", f"/events/{(await self.draft())['id']}/publish")

    async def order(self, *, paid: bool = False, by: str = "customer") -> Json:
        """Pending at 25.00, or confirmed for nothing, of this event; a guest's has the secret."""
        kind = self.event["ticket_types"][0 if paid else 1]["id"]
        body: Json = {"items": [{"ticket_type_id": kind, "quantity": 2}], "provider": "sandbox"}
        token = None if by == "guest" else self.tokens[by]
        if token is None:
            body["customer"] = {"name": "Ann", "email": f"{new_id('usr')}@example.com".lower()}
        answer = await self.request("POST", f"{API}/events/{self.event['id']}/orders", token, json=body)
        assert answer.status_code == 201, answer.text
        order: Json = answer.json()
        return order

    async def line(self) -> Json:
        """Open to all, from afar too."""
        slug = f"line-{new_id('x')}".lower().replace("_", "-")
        body = {"name": "Line", "slug": slug, "timezone": "Europe/Berlin", "remote_join": True}
        return await self.as_admin("POST", "/services", body)

    async def place(self, *, by: str = "customer") -> Json:
        """A token in the line; a guest's has the secret."""
        token = None if by == "guest" else self.tokens[by]
        service = await self.line()
        answer = await self.request("POST", f"{API}/services/{service['id']}/tokens", token, json={})
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def job(self) -> str:
        await self.house.services.news.queue.enqueue("handle_delivery", subject := new_id("dlv"))
        await self.database["jobs"].update_one({"subject": subject}, {"$set": {"status": "dead"}})
        found = await self.database["jobs"].find_one({"subject": subject})
        assert found is not None
        return str(found["_id"])

    async def delivery(self) -> str:
        delivery_id = new_id("dlv")
        document: Json = {
            "_id": delivery_id,
            "provider": "sandbox",
            "external_id": delivery_id,
            "type": "x",
            "ref": None,
        }
        rest: Json = {"status": "parked", "reason": "live_mode", "tries": 0, "last_error": None}
        now = self.house.services.engines.clock.now()
        await self.database["deliveries"].insert_one(
            document | rest | {"last_error": None, "received_at": now, "handled_at": None}
        )
        return delivery_id

    async def state(self) -> str:
        """Changes whenever any document does; idempotency keys and messages tell of requests only, and so
        does the hour in which a machine's key was last used."""
        found = await self.database.command("dbHash")
        apart = ("idempotency_keys", "api_keys")
        ours = {name: md5 for name, md5 in found["collections"].items() if name not in apart}
        keys = self.database["api_keys"].find({}, {"last_used_at": 0}).sort("_id", 1)
        return str((sorted(ours.items()), [key async for key in keys]))

    async def _machine_without(self, permission: Permission | None) -> str:
        """Where a route takes no machines, a key with every permission still opens nothing."""
        if permission is None:
            return self.tokens["machine"]
        if permission not in self._without:
            self._without[permission] = await self.people.machine(PERMISSIONS - {permission})
        return self._without[permission]


@asynccontextmanager
async def a_world(mongo_url: str, redis_url: str, change: Change = _as_it_is) -> AsyncIterator[World]:
    """``change`` takes a guard away before the routes are made."""
    async with a_house(settings_for(mongo_url, redis_url), change=change) as house:
        world = World(house, await People.of(house.services))
        await _populate(world)
        yield world


async def _populate(world: World) -> None:
    people = world.people
    world.persons["admin"] = await people.person("admin")
    world.tokens["admin"] = world.persons["admin"].token
    world.event = await world.published()
    world.service = await world.line()
    here, elsewhere = limited_to(world.event["id"], world.service["id"]), limited_to(new_id("evt"))
    world.persons |= {
        "customer": await people.person(),
        "other customer": await people.person(),
        "staff": await people.person("staff"),
        "staff here": await people.person("staff", here),
        "staff elsewhere": await people.person("staff", elsewhere),
    }
    world.tokens |= {name: person.token for name, person in world.persons.items()}
    world.tokens |= {
        "machine": await people.machine(PERMISSIONS),
        "machine here": await people.machine(PERMISSIONS, here),
        "machine elsewhere": await people.machine(PERMISSIONS, elsewhere),
        "guest": (await world.order(by="guest"))["secret"],
        "other guest": (await world.order(by="guest"))["secret"],
    }


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, "PNG")
    return drawn.getvalue()
