"""A person who buys something."""

from __future__ import annotations

from typing import Any

from tests.e2e.conftest import House, bearer


async def published(house: House, **more: Any) -> Any:
    admin = bearer(await house.token("admin"))
    body = {
        "name": "Show",
        "venue": "Hall",
        "starts_at": "2100-05-01T19:00:00Z",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "ticket_types": [{"name": "Place", "price": 2500, "capacity": 50}],
        "max_per_customer": 6,
        **more,
    }
    event = (await house.client.post("/api/v1/events", json=body, headers=admin)).json()
    return (await house.client.post(f"/api/v1/events/{event['id']}/publish", headers=admin)).json()


async def booked(
    house: House, event: Any, token: str | None = None, guest: str | None = None, quantity: int = 2
) -> Any:
    place = {"ticket_type_id": event["ticket_types"][0]["id"], "quantity": quantity}
    body: dict[str, Any] = {"items": [place], "provider": "sandbox"}
    if guest is not None:
        body["customer"] = {"name": "Canary Guest", "email": guest, "phone": "+491701234567"}
    headers = {"Idempotency-Key": f"k-{guest or 'own'}-{quantity}", **(bearer(token) if token else {})}
    answer = await house.client.post(f"/api/v1/events/{event['id']}/orders", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def paid(house: House, order: Any) -> None:
    await house.client.post(f"/checkout/{order['id']}", data={"outcome": "paid"})
    for payment in await house.services.sales.payments.of_order(order["id"]):
        await house.services.sales.settlement.by_ref("sandbox", payment.ref or "")


async def everything(house: House, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """All that the database holds, by collection, as text."""
    database = house.services.engines.mongo.database
    names = [name for name in await database.list_collection_names() if name not in but]
    return {name: str(await database[name].find().to_list(None)) for name in names}
