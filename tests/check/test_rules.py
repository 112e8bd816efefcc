"""Every rule sees its violation, and none sees one in a healthy world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import check as package
from tests.check import line_plants
from tests.check.plants import PLANTS, Plant
from tests.check.world import World

assert line_plants, "its plants stand in PLANTS"
WARNINGS = {
    "capacity_differs",
    "expiring_long",
    "guard_missing",
    "message_parked",
    "picture_holds_unclaimed",
    "picture_offers_claimed",
    "picture_outdated",
    "picture_withholds",
    "redis_away",
}


async def test_a_healthy_world_is_clean(healthy: World) -> None:
    report = await healthy.report()
    assert report["violations"] == []
    assert report["warnings"] == []
    assert report["ok"]
    assert report["counts"]["orders"] == {
        "pending": 3,
        "confirmed": 3,
        "cancelled": 2,
        "expired": 1,
        "block": 1,
    }
    assert sum(report["counts"]["tokens"].values()) == 9
    assert report["counts"]["ours"] == report["counts"]["sandbox"]


@pytest.mark.parametrize(("rule", "plant"), PLANTS, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(PLANTS)])
async def test_a_planted_violation_is_reported(world: World, rule: str, plant: Plant) -> None:
    await plant(world)
    report = await world.report()
    assert rule in {violation["rule"] for violation in report["violations"]}
    assert not report["ok"]


def test_every_rule_has_a_plant() -> None:
    """A rule nobody saw complaining may as well not be there."""
    assert {rule for rule, _ in PLANTS} | WARNINGS == set(_rules_in_the_source())


def _rules_in_the_source() -> Iterator[str]:
    folder = Path(str(package.__file__)).parent
    names = {"Finding", "_wrong"}
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield from _first_words(node.args[0] if node.args else None)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RULES":
                yield from (str(value.value) for value in node.value.values)  # type: ignore[attr-defined]
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "rule":
                yield from _first_words(node.value)


def _first_words(node: ast.AST | None) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _first_words(node.body)
        yield from _first_words(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield from ("claims_ill_formed", "limits_ill_formed", "claims_repeated", "limits_repeated")
