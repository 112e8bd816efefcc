"""Something to look at. Called as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap import Services
from app.catalogue.models import Event
from app.queues.models import Service
from app.seed.events import LEAST_AHEAD, seed_events
from app.seed.line import seed_line


@dataclass(frozen=True)
class Demo:
    events: list[Event]
    line: Service


async def seed(services: Services) -> Demo:
    return Demo(await seed_events(services), await seed_line(services))


def summary(demo: Demo, public_url: str) -> str:
    """Where to look, for the person in front of the terminal."""
    events = [f"  {event.name:20} {public_url}/api/v1/events/{event.id}" for event in demo.events]
    line = f"  {demo.line.name:20} {public_url}/{demo.line.slug}"
    return "\n".join(["Demo events", *events, "Demo line", line])


__all__ = ["LEAST_AHEAD", "Demo", "seed", "summary"]
