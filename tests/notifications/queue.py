"""A line in front of the post office: joined and served through the API, told of by text and mail."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from ulid import ULID

from tests.e2e.conftest import bearer
from tests.notifications.office import Office
from tests.notifications.smtp_server import body

Json = dict[str, Any]
_NUMBERS = itertools.count()


@dataclass
class Queue:
    office: Office
    staff: str
    line: Json

    @property
    def slug(self) -> str:
        return str(self.line["slug"])

    async def join(self, **contact: Any) -> Guest:
        status, token = await self.office.post(f"/services/{self.line['id']}/tokens", contact)
        assert status == 201, token
        return Guest(self, token, contact.get("phone", ""), contact.get("email", ""))

    async def somebody(self, phone: bool = True, email: bool = True, **wishes: Any) -> Guest:
        contact = {"phone": a_phone()} if phone else {}
        return await self.join(**contact, **({"email": an_email()} if email else {}), **wishes)

    async def do(self, action: str, **fields: Any) -> Json:
        """To the line, by its staff."""
        status, answer = await self.office.post(f"/services/{self.line['id']}/{action}", fields, self.staff)
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer


@dataclass
class Guest:
    queue: Queue
    token: Json
    phone: str
    email: str

    @property
    def id(self) -> str:
        return str(self.token["id"])

    @property
    def url(self) -> str:
        number, secret = self.token["number"], self.token["secret"]
        return f"http://127.0.0.1:9/{self.queue.slug}/{number}#{self.id}.{secret}"

    async def act(self, action: str, **fields: Any) -> Json:
        """By the staff, on the token as it is now."""
        office = self.queue.office
        token = await office.database["tokens"].find_one({"_id": self.id})
        assert token is not None
        status, answer = await office.post(
            f"/tokens/{self.id}/{action}", {"version": token["version"], **fields}, self.queue.staff
        )
        assert status == 200, answer
        assert isinstance(answer, dict)
        return answer

    async def leave(self) -> None:
        office = self.queue.office
        answer = await office.house.client.post(
            f"/api/v1/tokens/{self.id}/cancel", headers=bearer(self.token["secret"])
        )
        assert answer.status_code == 200, answer.text

    def texts(self) -> list[str]:
        return self.queue.office.twilio.to(self.phone)

    def letters(self) -> list[str]:
        """Subject and text of each."""
        found = self.queue.office.mailbox.to(self.email)
        return sorted(f"{letter['Subject']}\n{body(letter)}" for letter in found)

    def subjects(self) -> list[str]:
        return sorted(str(letter["Subject"]) for letter in self.queue.office.mailbox.to(self.email))


async def a_queue(office: Office, **fields: Any) -> Queue:
    staff = await office.house.token("admin")
    line: Json = {
        "name": "Passports",
        "slug": f"p{next(_NUMBERS)}",
        "timezone": "Europe/Berlin",
        "average_minutes": 5,
        "verify": "none",
        "remote_join": True,
    }
    status, made = await office.post("/services", line | fields, staff)
    assert status == 201, made
    if made["state"] != "open":
        status, made = await office.post(f"/services/{made['id']}/open", {}, staff)
        assert status == 200, made
    return Queue(office, staff, made)


def a_phone() -> str:
    return f"+49155500{next(_NUMBERS):05}"


def an_email() -> str:
    return f"{ULID()}@example.com".lower()
