"""Positive controls: with a guard taken away the matrix must complain."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from app.accounts.errors import NotPermitted
from app.accounts.models import Caller, Permission
from app.bootstrap import Services
from tests.authorization.actors import PERMISSIONS
from tests.authorization.matrix import violations
from tests.authorization.row import Row
from tests.authorization.rows import ROWS
from tests.authorization.world import a_world

Roles = frozenset[str]


def unbounded(services: Services) -> None:
    """Forgets what staff and machines are limited to."""
    callers = services.accounts.callers
    identify, require = callers.identify, callers.require

    async def identified(authorization: str | None, permission: Permission | None = None) -> Caller:
        return replace(await identify(authorization, permission), scope=None)

    async def required(header: str | None, roles: Roles, permission: Permission | None = None) -> Caller:
        return replace(await require(header, roles, permission), scope=None)

    vars(callers).update(identify=identified, require=required)


def role_blind(services: Services) -> None:
    """Asks for a session, but not for a role."""
    callers = services.accounts.callers
    require = callers.require

    async def required(header: str | None, roles: Roles, permission: Permission | None = None) -> Caller:
        return await require(header, roles | {"customer", "staff", "admin"}, permission)

    vars(callers).update(require=required)


def permission_blind(services: Services) -> None:
    """Takes every machine for one that has the permission."""
    api_keys = services.accounts.api_keys
    admit = api_keys.admit

    async def admitted(token: str, permission: Permission | None) -> Caller:
        for held in PERMISSIONS:
            with suppress(NotPermitted):
                return await admit(token, held)
        raise NotPermitted

    vars(api_keys).update(admit=admitted)


def open_desk(services: Services) -> None:
    """Looks at nobody's secret and at nobody's name."""
    vars(services.sales.desk).update(may_see=lambda order, caller: True)


GUARDS = {"bounds": unbounded, "role": role_blind, "permission": permission_blind, "owner": open_desk}


def rows(*paths: str) -> list[Row]:
    return [row for row in ROWS if row.path.endswith(paths)]


@pytest.mark.parametrize(
    ("guard", "noticed"),
    [
        ("bounds", rows("{event_id}/stats", "/orders/{order_id}", "/jobs", "/cancel")),
        ("role", rows("/users", "/api-keys", "/jobs", "/publish", "/audit", "/admin/stats")),
        ("permission", rows("/audit", "/orders/{order_id}", "/stats", "/deliveries")),
        ("owner", rows("/orders/{order_id}", "/payments", "/refunds")),
    ],
)
async def test_a_guard_taken_away_is_noticed(
    mongo_url: str, redis_url: str, guard: str, noticed: list[Row]
) -> None:
    async with a_world(mongo_url, redis_url, GUARDS[guard]) as world:
        assert noticed
        for row in noticed:
            assert await violations(world, row), f"{row} went through without {guard}"
