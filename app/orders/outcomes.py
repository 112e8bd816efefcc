"""What MongoDB said to an insert: which of the unique indexes refused it, if one did."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.mongo import DuplicateKeyError, PyMongoError, duplicate_of


@dataclass(frozen=True, slots=True)
class Inserted:
    pass


@dataclass(frozen=True, slots=True)
class UnitClaimed:
    """Another live order has one of the units."""

    unit: str


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """Another live order of this customer counts against the same slot of the limit."""

    slot: str


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """An earlier request with this idempotency key made an order, maybe this very one."""


Outcome = Inserted | UnitClaimed | SlotTaken | KeyUsed


def outcome_of(error: PyMongoError | None) -> Outcome | Exception:
    if error is None:
        return Inserted()
    if not isinstance(error, DuplicateKeyError):
        return error
    fields, values = duplicate_of(error)
    if fields == {"_id"}:
        return Inserted()  # Ids are made for one order only, so this is our own earlier success.
    if "claims" in fields:
        return UnitClaimed(str(values.get("claims", "")))
    if "limits" in fields:
        return SlotTaken(str(values.get("limits", "")))
    return KeyUsed()
