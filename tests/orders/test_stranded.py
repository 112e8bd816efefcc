"""What a killed process left in the picture looks held, until pictures are compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ulid import ULID

from app.core.redis import connect
from app.stock.models import Hold, Taken, Want
from app.stock.repository.picture import Picture
from tests.orders.house import House, open_house, places, problem, standing, type_id


async def test_units_nobody_claims_are_on_sale_again_without_a_buyer(house: House) -> None:
    event = await house.event(**standing(5))
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    hold = Hold(f"ord_{ULID.from_datetime(long_ago)}", long_ago, long_ago)
    plan = (await house.sales.catalogue.fresh(event["id"])).plan

    taken = await house.sales.stock.take(plan, [Want(type_id(event), quantity=2)], hold)
    assert isinstance(taken, Taken)
    assert (await house.sales.stock.counts(plan)).by_type[0].held == 2

    await house.sales.reconciling.sweep(1000)

    left = (await house.sales.stock.counts(plan)).by_type[0]
    assert (left.available, left.held, left.sold) == (5, 0, 0)


async def test_a_sale_goes_on_though_the_builder_of_its_picture_was_killed(
    house: House, redis_url: str
) -> None:
    event = await house.event(**standing(2))
    redis = connect(redis_url)
    picture = Picture(redis)
    await picture.drop(event["id"])
    assert await picture.lock(event["id"]) is not None  # And whoever has it is gone.

    first, second = await house.book(event), await house.book(event)

    assert {*first["units"], *second["units"]} == {f"g/{type_id(event)}/{n}" for n in (1, 2)}
    await redis.aclose()


async def test_a_cancellation_that_never_reached_the_picture_ends_the_sale(
    house: House, mongo_url: str, redis_url: str
) -> None:
    """The API process that cancelled was killed in between; ours remembers the event as it was."""
    event = await house.event()
    await house.book(event)
    cancelled = {"what": "cancelled", "by": "usr_x", "at": datetime.now(UTC), "fields": ["status"]}
    change = {"$set": {"status": "cancelled"}, "$inc": {"version": 1}, "$push": {"history": cancelled}}
    await house.database["events"].update_one({"_id": event["id"]}, change)
    assert (await house.try_book(event, [places(event)])).status_code == 201

    async with open_house(mongo_url, redis_url, database=house.database.name) as worker:
        await worker.sales.reconciling.sweep(1000)

    assert problem(await house.try_book(event, [places(event)])) == (409, "event_cancelled")
