"""A line's whole life, so that everything it asks of the database is asked once."""

from __future__ import annotations

from typing import Any

from app.core.errors import NotFound
from tests.e2e.conftest import House, bearer

API = "/api/v1"


async def live_through_a_line(house: House) -> None:
    """Make it, join in all ways, twice too, look, step away, come back, leave, and change it."""
    admin, buyer = bearer(await house.token("admin")), bearer(await house.token("customer"))
    body = {
        "name": "Line",
        "slug": "bakery",
        "timezone": "Europe/Berlin",
        "remote_join": True,
        "capacity": 50,
    }
    line = await ask(house, "POST", "/services", admin, body, key="line")
    for _ in range(2):  # The second time it is a replay, or the same contact again.
        invite = await ask(house, "GET", f"/services/{line['id']}/invite", admin)
        claim = {"invite": invite["invite"], "email": "a@example.com"}
        await ask(house, "POST", f"/services/{line['id']}/claim", {}, claim)
        mine = await ask(house, "POST", f"/services/{line['id']}/tokens", buyer, {}, key="mine")
        await ask(house, "POST", f"/services/{line['id']}/tokens", admin, {"phone": "+436601234567"})
    redis = house.services.engines.redis
    await redis.delete(*await redis.keys(f"line:{{{line['id']}}}:*"))
    await ask(house, "POST", f"/services/{line['id']}/tokens", {}, {})
    for verb in ("away", "back", "cancel"):
        await ask(house, "POST", f"/tokens/{mine['id']}/{verb}", buyer, key=verb)
    await ask(house, "GET", f"/tokens/{mine['id']}", buyer)
    for query in ("", "?status=away", "?status=no_show"):
        await ask(house, "GET", f"/services/{line['id']}/tokens{query}", admin)
    for path in ("/services", "/services?limit=1", "/services/bakery", f"/services/{line['id']}"):
        await ask(house, "GET", path, admin)
    await ask(house, "PATCH", f"/services/{line['id']}", admin, {"slug": "other-line"}, key="change")
    for verb in ("pause", "close", "open"):
        await ask(house, "POST", f"/services/{line['id']}/{verb}", admin)
    try:
        await house.services.lines.directory.get("bakery")
    except NotFound:
        return


async def ask(
    house: House, method: str, path: str, who: dict[str, str], body: Any = None, key: str = ""
) -> Any:
    headers = {**who, "Idempotency-Key": key} if key else who
    answer = await house.client.request(method, f"{API}{path}", json=body, headers=headers)
    assert answer.is_success, (method, path, answer.status_code, answer.text)
    return answer.json()
