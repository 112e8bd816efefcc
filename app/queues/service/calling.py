"""Calling the next one to a counter.

No lock: counters that reach for the same head of the line are told apart by MongoDB, and to wait for each
other under one in Redis is slower (``docs/decisions/0024``).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.models import Caller
from app.core.codes import TRIES
from app.core.errors import NotFound
from app.core.security import KeyRing
from app.queues.errors import LineEmpty, LinePaused
from app.queues.models import Service
from app.queues.repository.calls import Call, Calls, KeyKnown
from app.queues.repository.services import Services
from app.queues.service.acting import Acted, Changed, key_hash, mark, was_done

NAME = "next"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which counter is free, who says so, and under which key. ``body`` is the request's canonical text."""

    caller: Caller
    counter: str
    key: str | None = None
    body: str = ""


class Calling:
    def __init__(self, services: Services, calls: Calls, ring: KeyRing, changed: Changed) -> None:
        self._services = services
        self._calls = calls
        self._ring = ring
        self._changed = changed

    async def next(self, service_id: str, asked: Asked) -> Acted:
        """Whoever is first, called to the counter. Raises LineEmpty, LinePaused, KeyReused.

        One read and one write. A repeated key calls nobody else: its index refuses a second document, and
        one read finds the first.
        """
        service = await self._services.find(service_id)
        if service is None or not asked.caller.oversees_service(service_id):
            raise NotFound
        call = self._call(service, asked)
        try:
            called = await self._calls.next(call, TRIES) if service.state != "paused" else None
        except KeyKnown:
            called = None
        if called is not None:
            self._changed(service_id)
            return Acted(called)
        if (known := await self._replayed(call)) is not None:
            return known
        raise LinePaused if service.state == "paused" else LineEmpty

    def _call(self, service: Service, asked: Asked) -> Call:
        key = key_hash(asked.caller, asked.key)
        return Call(
            service_id=service.id,
            counter=asked.counter,
            by=asked.caller.key,
            request_id=asked.caller.request_id,
            key=key,
            mark=mark(key, NAME, asked.body),
            code_key=self._ring.newest if service.verify == "otp" else None,
        )

    async def _replayed(self, call: Call) -> Acted | None:
        if call.key is None:
            return None
        token = await self._calls.by_key(call.service_id, call.key)
        if token is None:
            return None
        was_done(token, call.key, call.mark)  # Says so where the key came with another counter.
        return Acted(token, replayed=True)
