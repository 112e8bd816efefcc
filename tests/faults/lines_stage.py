"""One case's lines and the token it is about, with the steps that scenarios are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from app.accounts.models import User
from app.accounts.repository import UserRepository
from app.core.ids import new_id
from app.queues.service.codes import code_text
from tests.faults.buyer import Buyer
from tests.faults.house import House
from tests.faults.invariants import violations
from tests.faults.rounds import settled

Json = dict[str, Any]


@dataclass
class LineStage:
    house: House
    staff: str
    line: Json = field(default_factory=dict)
    token: Json = field(default_factory=dict)
    kept: Json = field(default_factory=dict)
    """What a scenario wants to compare with at its end."""

    @classmethod
    async def of(cls, house: House) -> LineStage:
        """Staff without a password: how they signed in is not what dies here."""
        engines, user_id = house.services.engines, new_id("usr")
        email = f"{user_id}@example.com".lower()
        user = User(user_id, email, "Staff", None, "admin", None, engines.clock.now())
        await UserRepository(engines.mongo.database).insert(user)
        session = await house.services.accounts.sessions.open(user, new_id("ses"))
        return cls(house, session.access_token)

    def buyer(self) -> Buyer:
        return Buyer(self.house.client)

    async def open_line(self, **fields: Any) -> Json:
        slug = new_id("svc").lower().replace("_", "-")
        body = {"name": "Desk", "slug": slug, "timezone": "Europe/Vienna", "remote_join": True}
        body |= {"verify": "none", "grace_seconds": 0, **fields}
        answer = await self.buyer().post("/api/v1/services", json=body, secret=self.staff)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        self.line = self.line or made
        return made

    async def join(self, buyer: Buyer | None = None, **body: Any) -> httpx.Response:
        buyer = buyer or self.buyer()
        path = f"/api/v1/services/{self.line['id']}/tokens"
        answer = await buyer.post(path, json=body, key="join")
        assert answer.status_code == 201, answer.text
        self.token = answer.json()
        return answer

    async def act(self, what: str, buyer: Buyer | None = None, **body: Any) -> Json:
        """By staff, on the version there is."""
        buyer = buyer or self.buyer()
        self.kept.setdefault("version", (await self.document())["version"])
        body = {"version": self.kept["version"], **body}
        path = f"/api/v1/tokens/{self.token['id']}/{what}"
        answer = await buyer.post(path, json=body, key=what, secret=self.staff)
        assert answer.status_code == 200, answer.text
        self.kept.pop("version")
        return dict(answer.json())

    async def next(self, buyer: Buyer | None = None, key: str = "next") -> Json:
        buyer = buyer or self.buyer()
        path = f"/api/v1/services/{self.line['id']}/next"
        answer = await buyer.post(path, json={"counter": "1"}, key=key, secret=self.staff)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def code(self) -> str:
        found = await self.house.services.lines.tokens.find(self.token["id"])
        assert found is not None
        return code_text(self.house.services.engines.ring, found)

    async def document(self, token_id: str = "") -> Json:
        found = await self.house.database["tokens"].find_one({"_id": token_id or self.token["id"]})
        assert found is not None
        return found

    async def all_of(self, line: Json) -> list[Json]:
        return await self.house.database["tokens"].find({"service_id": line["id"]}).to_list(None)

    async def causes(self) -> list[str]:
        return [entry["cause"] for entry in (await self.document())["history"]]

    async def yesterday(self) -> None:
        """The token is from the day before, and so is its number."""
        day = (self.house.services.engines.clock.now() - timedelta(days=2)).date().isoformat()
        await self.house.database["tokens"].update_one({"_id": self.token["id"]}, {"$set": {"day": day}})

    async def sound(self) -> None:
        """Nothing is owed, and no promise is broken."""
        await settled(self.house.services)
        broken = await violations(self.house.place, self.house.database)
        assert not broken, broken
