"""What the API is compared with: plain FastAPI, nothing of ours around the routes.

``empty`` answers at once, behind the same body model and the same check of the access token as a
booking. ``minimal`` is the least that could be called a booking: one Lua call and one insert that a
majority acknowledged.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

from app.accounts.access_tokens import AccessTokens
from app.accounts.models import Caller
from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.mongo import MongoConnection
from app.core.redis import connect
from app.core.security import KeyRing
from app.orders.schemas import BookingBody
from app.settings import DEVELOPMENT_KEY
from app.supervisor.api import run

_LUA = """
local left = redis.call('DECRBY', KEYS[1], ARGV[1])
if left < 0 then redis.call('INCRBY', KEYS[1], ARGV[1]) return -1 end
return left
"""
STOCK = "bench:stock"

_tokens = AccessTokens(KeyRing(f"1:{DEVELOPMENT_KEY}"), SystemClock())


async def _caller(request: Request) -> Caller:
    header = request.headers.get("authorization")
    return _tokens.read(header.removeprefix("Bearer ")) if header else Caller()


AnyCaller = Annotated[Caller, Depends(_caller)]


def create_app() -> FastAPI:
    app = FastAPI()
    redis = connect(os.environ["USHER_REDIS_URL"])
    mongo = MongoConnection(os.environ["USHER_MONGODB_URL"], "baseline")
    take, orders = redis.register_script(_LUA), mongo.database["orders"]

    @app.get("/empty/{event_id}")
    async def read(event_id: str) -> dict[str, str]:
        return {"event_id": event_id}

    @app.post("/empty/{event_id}")
    async def empty(event_id: str, body: BookingBody, caller: AnyCaller) -> dict[str, str]:
        return {"event_id": event_id}

    @app.post("/minimal/{event_id}", status_code=201)
    async def minimal(event_id: str, body: BookingBody, caller: AnyCaller) -> dict[str, Any]:
        left = await take(keys=[STOCK], args=[1])
        order = {"_id": new_id("ord"), "event_id": event_id, "owner": caller.user_id, "left": left}
        await orders.insert_one(order)
        return order

    return app


if __name__ == "__main__":
    run("bench.baseline:create_app", host="127.0.0.1", port=int(sys.argv[1]), fd=None)
