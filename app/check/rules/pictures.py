"""The stock pictures in Redis beside what MongoDB says.

Redis proposes only, so a wrong picture breaks no promise: a place it offers wrongly is refused by the
index, one it withholds is found by the first buyer who is told "sold out". Hence all of it is a warning.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.check.books import Books
from app.check.events import Event
from app.check.finding import Finding
from app.check.tally import Tally
from app.core.redis import Client


async def pictures_agree(redis: Client, books: Books, tally: Tally) -> AsyncIterator[Finding]:
    for event in books.events.values():
        if event.status != "published":
            continue
        key = f"stock:{{{event.id}}}"
        meta = await redis.hgetall(f"{key}:meta")  # type: ignore[misc]
        if not meta.get("built"):
            continue
        if int(meta["version"]) != event.version:
            detail = f"shows version {meta['version']} of {event.version}"
            yield Finding("picture_outdated", event.id, detail, grave=False)
            continue
        claimed = tally.units.get(event.id, {}).keys()
        for kind in event.sizes:
            members = await redis.smembers(f"{key}:free:{kind}")  # type: ignore[misc]
            free = _free(event, kind, members, int(meta.get(f"next:{kind}", 1)))
            units = _units(event, kind)
            if offered := free & claimed:
                yield _wrong("picture_offers_claimed", event, kind, offered)
            held = await redis.hkeys(f"{key}:held:{kind}")  # type: ignore[misc]
            if withheld := units - claimed - free - set(held):
                yield _wrong("picture_withholds", event, kind, withheld)
            if stranded := set(held) - claimed:
                yield _wrong("picture_holds_unclaimed", event, kind, stranded)


def _units(event: Event, kind: str) -> set[str]:
    if kind in event.seated:
        return {unit for unit, of in event.seats.items() if of == kind}
    return {f"g/{kind}/{number}" for number in range(1, event.sizes[kind] + 1)}


def _free(event: Event, kind: str, members: set[str], following: int) -> set[str]:
    if kind in event.seated:
        return members
    fresh = range(following, event.sizes[kind] + 1)
    return {f"g/{kind}/{number}" for number in [*members, *fresh]}


def _wrong(rule: str, event: Event, kind: str, units: set[str]) -> Finding:
    some = ", ".join(sorted(units)[:5])
    return Finding(rule, f"{event.id} {kind}", f"{len(units)} units: {some}", grave=False)
