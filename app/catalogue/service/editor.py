"""Changing events. Every change is one compare-and-set on the version; who loses a race reads again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from app.accounts.models import Caller
from app.catalogue import deeds
from app.catalogue.errors import AlreadyBegun, EventCancelled
from app.catalogue.messages import event_cancelled, event_published, event_updated
from app.catalogue.models import Event, EventStatus
from app.catalogue.repository import Change, Events
from app.catalogue.revision import Revision, blank, revise
from app.catalogue.schemas import EventBody, EventChanges, EventOut
from app.catalogue.service.availability import Availability
from app.catalogue.service.blocks import Blocks
from app.catalogue.service.catalogue import Catalogue
from app.core.clock import Clock
from app.core.errors import StaleVersion, Transient
from app.core.idempotency import Done, IdempotencyKeys
from app.core.messages import Message
from app.stock.errors import CapacityInUse
from app.stock.service import Stock

ATTEMPTS = 50
SYSTEM = "system"

Step = Callable[[str], Awaitable[Event]]


class Editor:
    def __init__(
        self,
        events: Events,
        catalogue: Catalogue,
        availability: Availability,
        stock: Stock,
        keys: IdempotencyKeys,
        clock: Clock,
        *,
        hold_minutes: int,
    ) -> None:
        self._events = events
        self._catalogue = catalogue
        self._availability = availability
        self._stock = stock
        self._blocks = Blocks(stock)
        self._keys = keys
        self._clock = clock
        self._hold_minutes = hold_minutes

    async def create(self, body: EventBody, caller: Caller, key: str | None) -> Done[Event]:
        return await self._keys.run(
            caller=caller.key,
            key=key,
            scope="POST /events",
            body=body.model_dump_json(exclude_unset=True),
            prefix="evt",
            create=partial(self._create, body, caller),
            read=self._catalogue.stored,
        )

    async def update(
        self, event_id: str, changes: EventChanges, caller: Caller, key: str | None
    ) -> Done[Event]:
        body = changes.model_dump_json(exclude_unset=True)
        step = partial(self._update, event_id, changes, caller, key)
        return await self._once("PATCH", event_id, body, caller, key, step)

    async def publish(self, event_id: str, caller: Caller, key: str | None) -> Done[Event]:
        """A second time is no change: whoever did not hear the answer may ask again."""
        step = partial(self._publish, event_id, caller)
        return await self._once("publish", event_id, "", caller, key, step)

    async def cancel(self, event_id: str, caller: Caller, key: str | None) -> Done[Event]:
        """Its orders are ended and refunded by orders, who hear of it and sweep."""
        step = partial(self._cancel, event_id, caller)
        return await self._once("cancel", event_id, "", caller, key, step)

    async def recount(self, event_id: str) -> Event:
        """Capacity and open seats as blocks in the database say: heals what a crash left behind."""
        for _ in range(ATTEMPTS):
            event = await self._catalogue.stored(event_id)
            counted = await self._blocks.recounted(event)
            if counted == event:
                return event
            change = Change("recounted", SYSTEM, self._clock.now(), ("ticket_types", "seating"))
            if saved := await self._save(counted, change, event_updated(event_id)):
                return saved
        raise Transient

    async def _once(
        self, verb: str, event_id: str, body: str, caller: Caller, key: str | None, step: Step
    ) -> Done[Event]:
        async def read(_action: str) -> Event:
            return await self._catalogue.stored(event_id)

        return await self._keys.run(
            caller=caller.key,
            key=key,
            scope=f"{verb} /events/{event_id}",
            body=body,
            prefix="act",
            create=step,
            read=read,
        )

    async def _create(self, body: EventBody, caller: Caller, event_id: str) -> Event:
        now = self._clock.now()
        draft = blank(event_id, body, hold_minutes=self._hold_minutes, by=caller.key, at=now)
        event = revise(draft, body).first()
        told = [deeds.created(caller, event)]
        if await self._events.insert(event, Change("created", caller.key, now), told):
            return event
        return await self._catalogue.stored(event_id)

    async def _update(
        self, event_id: str, changes: EventChanges, caller: Caller, key: str | None, action: str
    ) -> Event:
        if key is not None and await self._events.done(event_id, action):
            return await self._catalogue.stored(event_id)
        for _ in range(ATTEMPTS):
            stored = await self._catalogue.stored(event_id)
            _refuse(stored, changes)
            event = await self._blocks.recounted(stored)
            revision = revise(event, changes)
            if not (fields := revision.changed(stored)):
                return stored
            try:
                target = await self._blocks.claim(event, revision)
            except CapacityInUse:
                if await self._blocks.moved(event):
                    continue
                await self._leave(event_id, revision)
                raise
            change = Change("updated", caller.key, self._clock.now(), fields, action)
            told = deeds.changed(caller, "updated", stored, target, fields)
            if saved := await self._save(target, change, event_updated(event_id), told):
                return saved
            if changes.version is not None:
                await self._leave(event_id, revision)
        raise Transient

    async def _leave(self, event_id: str, revision: Revision) -> None:
        """The change is refused, but what its blocks have claimed stays claimed: let the event say so."""
        if revision.lowered or revision.closing:
            await self.recount(event_id)

    async def _publish(self, event_id: str, caller: Caller, action: str) -> Event:
        for _ in range(ATTEMPTS):
            event = await self._catalogue.stored(event_id)
            if event.status == "cancelled":
                raise EventCancelled
            if event.status == "published":
                await self._stock.renew(event.plan)
                return event
            if event.starts_at <= self._clock.now():
                raise AlreadyBegun
            message = event_published(event_id)
            if saved := await self._move(event, "published", message, caller, action):
                return saved
        raise Transient

    async def _cancel(self, event_id: str, caller: Caller, action: str) -> Event:
        for _ in range(ATTEMPTS):
            event = await self._catalogue.stored(event_id)
            if event.status == "cancelled":
                return event
            message = event_cancelled(event_id)
            if saved := await self._move(event, "cancelled", message, caller, action):
                return saved
        raise Transient

    async def _move(
        self, event: Event, to: EventStatus, message: Message, caller: Caller, action: str
    ) -> Event | None:
        moved = event.moved(to)
        change = Change(to, caller.key, self._clock.now(), ("status",), action)
        told = deeds.changed(caller, to, event, moved, ("status",))
        return await self._save(moved, change, message, told)

    async def _save(self, event: Event, change: Change, *messages: Message) -> Event | None:
        saved = await self._events.save(event, change, *messages)
        self._catalogue.forget(event.id)
        self._availability.forget(event.id)
        if saved and saved.status == "published":
            await self._stock.renew(saved.plan)
        if saved and saved.status == "cancelled":
            await self._stock.drop(event.id)
        return saved


def _refuse(event: Event, changes: EventChanges) -> None:
    if changes.version is not None and changes.version != event.version:
        raise StaleVersion(current=EventOut.of(event).model_dump(mode="json"))
    if event.status == "cancelled":
        raise EventCancelled
