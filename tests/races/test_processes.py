"""The on-sale everybody fears, on real processes: 2,000 buyers, 400 places, and things that break.

Pass and fail depend on what was sold, never on how fast.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from app.stock.repository.claims import Claims
from tests.races.buyers import Crowd
from tests.races.sale import (
    PLACES,
    SEATS,
    Sale,
    Trouble,
    opened_sale,
    programs_killed,
    redis_flushed,
    redis_killed,
    redis_paused,
    redis_stopped,
)
from tests.races.verdict import Verdict
from tests.serving import Serving, serving

pytestmark = pytest.mark.process

ENVIRONMENT = {
    "USHER_BOOKINGS_PER_MINUTE": "1000000",
    "USHER_POLL_AFTER_SECONDS": "3",
    "USHER_LOG_LEVEL": "warning",
}
SALES = 60
"""Without a guard before one of them is oversold; the first one nearly always is."""
TROUBLED = int(os.environ.get("SALE_BUYERS", "800"))
"""Buyers while something breaks; ``SALE_BUYERS=2000`` sends as many as on a calm day."""
TROUBLES: dict[str, Trouble] = {
    "redis flushed": redis_flushed,
    "redis killed": redis_killed,
    "redis paused": redis_paused,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    options = ("--api-processes", "2", "--worker-processes", "2")
    with serving(tmp_path_factory.mktemp("sale") / "data", *options, environment=ENVIRONMENT) as running:
        yield running


@pytest.fixture
async def sale(served: Serving) -> AsyncIterator[Sale]:
    async with opened_sale(served) as opened:
        yield opened


async def held_to_it(sale: Sale, crowd: Crowd, verdict: Verdict) -> None:
    assert verdict.clean, verdict
    assert verdict.sold == PLACES + SEATS
    report = await sale.settled_report()
    assert report["violations"] == []
    assert await sale.statuses(crowd.paid) <= {"confirmed"}
    assert report["counts"]["ours"] == report["counts"]["sandbox"]


async def test_two_thousand_buyers(sale: Sale) -> None:
    crowd = await sale.crowd()
    verdict = await sale.hold(crowd, 2000)
    await held_to_it(sale, crowd, verdict)
    assert crowd.claims >= 2 * (PLACES + SEATS), "places changed hands"
    assert crowd.refusals > 0, "more was wanted than there is"


@pytest.mark.parametrize("name", TROUBLES)
async def test_while_things_break(sale: Sale, name: str) -> None:
    crowd = await sale.crowd()
    verdict = await sale.hold(crowd, TROUBLED, TROUBLES[name])
    await held_to_it(sale, crowd, verdict)


async def test_while_api_and_workers_are_killed(sale: Sale) -> None:
    crowd = await sale.crowd()
    verdict = await sale.hold(crowd, max(1500, TROUBLED), programs_killed)
    assert sale.kills > 0
    await held_to_it(sale, crowd, verdict)


async def test_without_redis_the_index_decides(sale: Sale) -> None:
    crowd = await sale.crowd(pay=0.0)
    async with redis_stopped(sale):
        verdict = await sale.hold(crowd, TROUBLED)
    await held_to_it(sale, crowd, verdict)


async def test_control_without_redis_and_without_the_index_it_is_oversold(served: Serving) -> None:
    """The same sale with the guard taken away: this is what the index prevents.

    Places are sold twice when both processes sell within one second, and the kernel may give all
    connections to one of them: then there is another sale.
    """
    async with opened_sale(served, scattered=True) as sale:
        while not sale.all_at_work:  # noqa: ASYNC110 — processes were killed before.
            await asyncio.sleep(0.1)
        try:
            assert (await _oversold(sale)).oversold > 0
            report = await sale.settled_report()
            assert "oversold" in {violation["rule"] for violation in report["violations"]}
        finally:
            await sale.database["orders"].delete_many({"status": "pending"})
            await Claims(sale.database).prepare()


async def _oversold(sale: Sale) -> Verdict:
    for _ in range(SALES):
        orders = sale.database["orders"]
        if "claims" in await orders.index_information():  # Who has just started makes it again.
            await orders.drop_index("claims")
        crowd = await sale.crowd(pay=0.0, looks=0)
        async with redis_stopped(sale):
            verdict = await sale.hold(crowd, 200)
        if verdict.oversold:
            break
    return verdict
