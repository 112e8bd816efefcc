"""Every operation x everybody x (own, other's, absent): all right, and no route without a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.authorization.matrix import operations, violations, without_a_row
from tests.authorization.row import Row
from tests.authorization.rows import ROWS
from tests.authorization.world import World, a_world


@pytest.fixture(scope="module")
async def world(mongo_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(mongo_url, redis_url) as world:
        yield world


async def _document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = (await world.request("GET", "/openapi.json")).json()
    return found


async def test_every_operation_has_a_row(world: World) -> None:
    document = await _document(world)
    assert len(operations(document)) > 50
    assert without_a_row(document, ROWS) == set()


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_everybody_finds_what_they_should(world: World, row: Row) -> None:
    assert await violations(world, row) == []


async def test_rows_name_the_permission_that_the_document_names(world: World) -> None:
    document = await _document(world)
    for row in ROWS:
        spec = document["paths"][row.path][row.method.lower()]
        named = {scope for entry in spec.get("security", ()) for scope in entry.get("bearer", ())}
        assert named == ({row.permission} if row.permission else set()), str(row)


async def test_a_route_without_a_row_is_noticed(world: World) -> None:
    """Positive control of the first test."""
    document = await _document(world)
    document["paths"]["/api/v1/new"] = {"post": {}}
    assert without_a_row(document, ROWS) == {("POST", "/api/v1/new")}
    assert without_a_row(await _document(world), ROWS[1:]) == {ROWS[0].operation} - {
        row.operation for row in ROWS[1:]
    }
