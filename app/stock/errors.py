"""Why no units were given."""

from __future__ import annotations

from app.core.errors import Conflict


class SoldOut(Conflict):
    code, title = "sold_out", "Not enough places are left"


class SeatTaken(Conflict):
    code, title = "seat_taken", "Somebody has this seat"


class CapacityInUse(Conflict):
    code, title = "capacity_in_use", "The places to take off the sale are held or sold"
