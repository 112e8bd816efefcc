"""Making lines and changing them. Every change is one compare-and-set on the version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Literal

from app.accounts.audit import deed
from app.accounts.models import Caller
from app.core.clock import Clock
from app.core.errors import StaleVersion, Transient
from app.core.idempotency import Done, IdempotencyKeys
from app.core.messages import Message
from app.queues.messages import service_told
from app.queues.models import OpeningHours, Service, State
from app.queues.repository.services import Change, Services
from app.queues.schemas import ServiceSettings
from app.queues.service.directory import Directory
from app.queues.service.reading import Reading

ATTEMPTS = 20
FORMER_KEPT = 10
_LONGEST = 200
"""Of a description in the audit."""

Verb = Literal["open", "pause", "close"]
_STATES: Mapping[Verb, tuple[State, str]] = {
    "open": ("open", "opened"),
    "pause": ("paused", "paused"),
    "close": ("closed", "closed"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks, under which key, of which version if they say one. ``body``: its canonical text."""

    caller: Caller
    key: str | None
    body: str = ""
    version: int | None = None


Revise = Callable[[Service], Service]


class Lines:
    def __init__(
        self,
        services: Services,
        directory: Directory,
        reading: Reading,
        keys: IdempotencyKeys,
        clock: Clock,
    ) -> None:
        self._services = services
        self._directory = directory
        self._reading = reading
        self._keys = keys
        self._clock = clock

    async def create(self, given: Mapping[str, Any], order: Order) -> Done[Service]:
        """Open at once. Raises SlugTaken."""
        return await self._keys.run(
            caller=order.caller.key,
            key=order.key,
            scope="POST /services",
            body=order.body,
            prefix="svc",
            create=partial(self._create, given, order.caller),
            read=self._directory.stored,
        )

    async def update(self, service_id: str, given: Mapping[str, Any], order: Order) -> Done[Service]:
        """Raises NotFound, StaleVersion, SlugTaken."""

        def revise(service: Service) -> Service:
            return _keeping_links(service, replace(service, **given))

        step = partial(self._change, service_id, order, "updated", revise)
        return await self._once(f"PATCH /services/{service_id}", service_id, order, step)

    async def turn(self, service_id: str, verb: Verb, order: Order) -> Done[Service]:
        """Opens, pauses or closes. A second time is no change: whoever did not hear may ask again."""
        state, what = _STATES[verb]

        def revise(service: Service) -> Service:
            return replace(service, state=state)

        step = partial(self._change, service_id, order, what, revise)
        return await self._once(f"{verb} /services/{service_id}", service_id, order, step)

    async def _once(
        self, scope: str, service_id: str, order: Order, step: Callable[[str], Awaitable[Service]]
    ) -> Done[Service]:
        async def read(_action: str) -> Service:
            return await self._directory.stored(service_id)

        return await self._keys.run(
            caller=order.caller.key,
            key=order.key,
            scope=scope,
            body=order.body,
            prefix="act",
            create=step,
            read=read,
        )

    async def _create(self, given: Mapping[str, Any], caller: Caller, service_id: str) -> Service:
        now = self._clock.now()
        service = Service(
            id=service_id, state="open", version=1, created_at=now, created_by=caller.key, **given
        )
        shown = ("slug", "name", "timezone", "state")
        messages = [
            service_told(service, "created"),
            deed(caller, "service.created", service_id, after=_shown(service, shown)),
        ]
        if await self._services.insert(service, Change("created", caller.key, now), messages):
            return service
        return await self._directory.stored(service_id)

    async def _change(self, service_id: str, order: Order, what: str, revise: Revise, action: str) -> Service:
        if order.key is not None and await self._services.done(service_id, action):
            return await self._directory.stored(service_id)
        for _ in range(ATTEMPTS):
            stored = await self._directory.stored(service_id)
            if order.version is not None and order.version != stored.version:
                raise StaleVersion(current=ServiceSettings.of(stored).model_dump(mode="json"))
            target = revise(stored)
            if not (changed := _changed(stored, target)):
                return stored
            change = Change(what, order.caller.key, self._clock.now(), changed, action)
            saved = await self._services.save(target, change, _news(order.caller, what, stored, target))
            if saved is not None:
                self._directory.forget(stored, saved)
                self._reading.forget(service_id)
                return saved
        raise Transient


def _keeping_links(before: Service, after: Service) -> Service:
    if after.slug == before.slug:
        return after
    former = [slug for slug in (before.slug, *before.former_slugs) if slug != after.slug]
    return replace(after, former_slugs=tuple(former[:FORMER_KEPT]))


def _news(caller: Caller, what: str, before: Service, after: Service) -> list[Message]:
    changed = _changed(before, after)
    did = deed(
        caller,
        f"service.{what}",
        after.id,
        before=_shown(before, changed),
        after=_shown(after, changed),
    )
    return [service_told(after, what), did]


def _changed(before: Service, after: Service) -> tuple[str, ...]:
    names = (field.name for field in fields(Service))
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _shown(service: Service, names: Any) -> dict[str, object]:
    return {name: _plain(getattr(service, name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [f"{h.day} {h.opens}-{h.closes}" for h in value if isinstance(h, OpeningHours)]
    return value[:_LONGEST] if isinstance(value, str) else value
