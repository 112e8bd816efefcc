"""Everybody who may come to a route: people of all roles, holders of secrets, machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from app.accounts.models import Caller, Permission, Role, Scope, User
from app.accounts.repository import UserRepository
from app.bootstrap import Services
from app.core.ids import new_id
from tests.e2e.conftest import PASSWORD

PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))
ACTORS = (
    "nobody",
    "customer",
    "other customer",
    "guest",
    "other guest",
    "staff",
    "staff here",
    "staff elsewhere",
    "admin",
    "machine",
    "machine here",
    "machine elsewhere",
    "machine without",
)
"""``here`` and ``elsewhere``: limited to the event or line in question, or to another one. ``without``:
with every permission but the one that the route asks for. Guests have the secret of an order or a token,
or of another one."""


@dataclass(frozen=True)
class Person:
    user: User
    token: str


class People:
    """Accounts and keys made where they are kept, because argon2 has no part in this."""

    def __init__(self, services: Services, password: str) -> None:
        self._services = services
        self._password = password

    @classmethod
    async def of(cls, services: Services) -> People:
        return cls(services, await services.accounts.passwords.hash(PASSWORD))

    async def person(self, role: Role = "customer", scope: Scope | None = None) -> Person:
        user_id, now = new_id("usr"), self._services.engines.clock.now()
        email = f"{user_id}@example.com".lower()
        user = User(user_id, email, "A Person", None, role, self._password, now, scope=scope)
        await UserRepository(self._services.engines.mongo.database).insert(user)
        signed_in = await self._services.accounts.sessions.open(user, new_id("ses"))
        return Person(user, signed_in.access_token)

    async def machine(self, permissions: frozenset[Permission], scope: Scope | None = None) -> str:
        api_keys = self._services.accounts.api_keys
        made = await api_keys.create(
            Caller(user_id="usr_maker", role="admin"),
            name="Machine",
            permissions=permissions,
            scope=scope,
            expires_at=None,
            key=None,
        )
        return api_keys.token(made.value)


def limited_to(event_id: str, service_id: str = "") -> Scope:
    return Scope(events=frozenset({event_id}), services=frozenset({service_id} if service_id else ()))
