"""How an order forgets who it was for: the money, the places and what happened to them stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.mongo import Document, literal

NOBODY = "erased"


def forgetting(now: datetime) -> list[Mapping[str, Any]]:
    """A pipeline update, because what it puts in the place of a person differs from order to order.

    Limits keep their number and stay unique, under the order's name instead of the person's.
    """
    own = {"$in": ["$$entry.by", ["$owner", "$caller"]]}
    entry = {"$mergeObjects": ["$$entry", {"by": {"$cond": [own, literal(NOBODY), "$$entry.by"]}}]}
    told: Document = {
        "at": literal(now),
        "from": "$status",
        "to": "$status",
        "cause": literal("person forgotten"),
        "by": literal("system"),
    }
    known = {"$map": {"input": "$history", "as": "entry", "in": entry}}
    slot = {"$arrayElemAt": [{"$split": ["$$limit", "/"]}, -1]}
    limits = {"$map": {"input": "$limits", "as": "limit", "in": {"$concat": ["$_id", literal("/"), slot]}}}
    reason = {"$mergeObjects": ["$$due", {"reason": literal(NOBODY)}]}
    dues = {"$map": {"input": "$refunds_due", "as": "due", "in": reason}}
    return [
        {
            "$set": {
                "version": {"$add": ["$version", 1]},
                "history": {"$concatArrays": [known, [told]]},
                "caller": literal(NOBODY),
                "limits": {"$cond": [{"$isArray": "$limits"}, limits, "$$REMOVE"]},
                "refunds_due": {"$cond": [{"$isArray": "$refunds_due"}, dues, "$$REMOVE"]},
            }
        },
        {"$unset": ["owner", "customer", "idem"]},
    ]
