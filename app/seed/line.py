"""A demo line: two counters, one person called, a few waiting. There is one of it; who is in it, is new each
day."""

from __future__ import annotations

from app.bootstrap import Services
from app.core.errors import NotFound, Problem
from app.queues.business_day import business_day
from app.queues.models import Service
from app.queues.schemas import ServiceBody
from app.queues.service.applicant import Wish
from app.queues.service.calling import Asked
from app.queues.service.lines import Order
from app.seed.seeder import SEEDER

SLUG = "town-hall"
PEOPLE = 6


async def seed_line(services: Services) -> Service:
    """Open, whatever somebody made of it; changes of its settings stay."""
    line = await _line(services)
    day = business_day(services.engines.clock.now(), line.timezone)
    for n in range(PEOPLE):
        await _enter(services, line, f"demo-{day}-{n}")
    await _call(services, line, f"demo-{day}-call")
    return await services.lines.directory.fresh(line.id)


async def _line(services: Services) -> Service:
    try:
        line = await services.lines.directory.fresh(SLUG)
    except NotFound:
        return (await services.lines.editing.create(_settings(), Order(SEEDER, "demo-line"))).value
    if line.created_by != SEEDER.key or line.state == "open":
        return line
    return (await services.lines.editing.turn(line.id, "open", Order(SEEDER, None))).value


async def _enter(services: Services, line: Service, key: str) -> None:
    """The key makes one of several seeders at once."""
    await services.lines.joining.join(line.id, Wish(SEEDER, "", key=key))


async def _call(services: Services, line: Service, key: str) -> None:
    """Somebody may have called all of them."""
    try:
        await services.lines.counters.calling.next(line.id, Asked(SEEDER, "1", key, key))
    except Problem as problem:
        if problem.code != "line_empty":
            raise


def _settings() -> dict[str, object]:
    body = ServiceBody(
        name="Town Hall",
        slug=SLUG,
        description="Passports and identity cards, on the ground floor.",
        timezone="Europe/Vienna",
        average_minutes=6,
        counters=2,
        remote_join=True,
    )
    return body.model_dump() | {"opening_hours": ()}
