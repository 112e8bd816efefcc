"""One violation for each rule about lines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.check.line_world import BEGAN, DESK
from tests.check.plants import LONG_AGO, PLANTS, plants
from tests.check.world import World


def token_change(rule: str, name: str, change: Any) -> None:
    PLANTS.append((rule, lambda world: world.token(name, change)))


def copied(rule: str, index: str, field: str) -> None:
    """A second token has the same, because its index is gone."""

    async def plant(world: World) -> None:
        await world.drop_index("tokens", index)
        await world.copy_token("waiting", field)

    PLANTS.append((rule, plant))


token_change("illegal_token_move", "served", {"$set": {"history.1.from": "away"}})
token_change("illegal_token_move", "waiting", {"$set": {"history.0.to": "called"}})
token_change("token_history_ends_elsewhere", "served", {"$set": {"status": "cancelled"}})
token_change("token_history_incomplete", "called", {"$inc": {"version": 1}})
token_change(
    "called_twice",
    "called",
    {"$push": {"history": {"at": BEGAN, "from": "called", "to": "called", "cause": "next", "by": "x"}}},
)
token_change("ended_token_in_line", "served", {"$set": {"live_number": 99}})
token_change("ended_token_in_line", "cancelled", {"$set": {"contact_key": ["abc"]}})
token_change("live_number_differs", "waiting", {"$unset": {"live_number": ""}})
token_change("live_number_differs", "away", {"$set": {"live_number": 99}})
token_change("live_without_alias", "waiting", {"$unset": {"alias_key": ""}})
token_change("live_without_contact", "waiting", {"$unset": {"contact_key": ""}})
token_change("token_time_missing", "called", {"$unset": {"called_at": ""}})
token_change("token_time_missing", "served", {"$unset": {"ended_at": ""}})
token_change("token_time_wrong", "waiting", {"$set": {"ended_at": BEGAN}})
token_change("code_guessed_on", "at counter", {"$inc": {"code.tries": 1}})
token_change("token_without_service", "cancelled", {"$set": {"service_id": "svc_0"}})
token_change("outbox_stuck", "waiting", {"$push": {"outbox": {"id": "msg_1", "at": LONG_AGO}}})
token_change("unreadable", "served", {"$unset": {"history": ""}})
token_change("called_out_of_turn", "waiting", {"$set": {"priority": 0}})
token_change("called_out_of_turn", "waiting", {"$set": {"joined_at": BEGAN - timedelta(minutes=9)}})
token_change("transfer_lost", "moved", {"$set": {"transfer.token_id": "tok_0"}})
token_change("transfer_differs", "arrived", {"$set": {"joined_at": BEGAN}})
token_change("transfer_unknown", "moved", {"$unset": {"transfer": ""}})

copied("number_twice", "number", "number")
copied("live_number_twice", "live_number", "live_number")
copied("alias_twice", "alias_key", "alias_key")
copied("contact_twice", "contact_key", "contact_key")
copied("invite_claimed_twice", "invite", "invite")
copied("place_twice", "place", "place")


@plants("slug_twice")
async def _two_lines_at_one_address(world: World) -> None:
    await world.drop_index("services", "slug")
    await world.insert("services", {"_id": "svc_0", "slug": "desk", "version": 1})


@plants("outbox_stuck")
async def _a_line_that_is_not_heard(world: World) -> None:
    await world.update("services", DESK, {"$push": {"outbox": {"id": "msg_1", "at": LONG_AGO}}})
