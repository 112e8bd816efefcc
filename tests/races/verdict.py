"""What a sale came to, read from the claims themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from app.core.mongo import Database
from tests.races.buyers import Crowd


@dataclass(frozen=True)
class Verdict:
    sold: int
    oversold: int
    """Units with more than one live order."""
    split: int
    """Orders that claim other than all they asked for."""
    lost: int
    """Orders that were answered 201 and are not there with their units."""
    doubled: int
    """Idempotency keys that made more than one order."""

    @property
    def clean(self) -> bool:
        return not (self.oversold or self.split or self.lost or self.doubled)


async def judge(database: Database, crowd: Crowd) -> Verdict:
    orders = await database["orders"].find({"event_id": crowd.event_id}).to_list(None)
    live = {order["_id"]: order for order in orders if order.get("claims")}
    owners = Counter(unit for order in live.values() for unit in order["claims"])
    keys = Counter((order["idem"]["caller"], order["idem"]["key"]) for order in orders)
    return Verdict(
        sold=len(owners),
        oversold=sum(1 for times in owners.values() if times > 1),
        split=sum(1 for order in live.values() if len(order["claims"]) != _wanted(order)),
        lost=sum(1 for id_, units in crowd.kept.items() if live.get(id_, {}).get("claims") != units),
        doubled=sum(1 for times in keys.values() if times > 1),
    )


def _wanted(order: dict[str, list[dict[str, int]]]) -> int:
    return sum(item["quantity"] for item in order["items"])
