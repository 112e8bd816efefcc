"""Services and tokens.

Everybody in a line sees the same numbers, so a service's state is built once for all who watch it. What is
emitted passes through Redis: numbers and states, no names, aliases or texts. Who may see more asks the API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from app.core.errors import NotFound
from app.core.messages import Envelope
from app.core.redis import Client
from app.realtime.emitter import Emitter
from app.realtime.rooms import ADMIN, LIVE, distinct, service_room, staff_rooms, token_room
from app.realtime.state import State
from app.realtime.throttle import Throttle
from app.realtime.watching import Watching

STREAMS = ("tokens", "services")
SECONDS_PER_ROOM = 0.5

ReadLine = Callable[[str], Awaitable[State]]
"""What everybody may know of a service, by id. Raises NotFound."""
ReadTokens = Callable[[Sequence[str]], Awaitable[Mapping[str, State]]]
"""By id; those that are gone are left out."""


class LinesListener:
    def __init__(
        self,
        redis: Client,
        emitter: Emitter,
        watching: Watching,
        *,
        line: ReadLine,
        tokens: ReadTokens,
        own_tokens: ReadTokens,
    ) -> None:
        """``tokens`` as staff hear of them, ``own_tokens`` as those do whose tokens they are."""
        self._emitter = emitter
        self._watching = watching
        self._line = line
        self._tokens = tokens
        self._own_tokens = own_tokens
        self._by_service = Throttle(redis, self._tell_line, name="line", seconds=SECONDS_PER_ROOM)

    async def aclose(self) -> None:
        await self._by_service.aclose()

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        for service_id in distinct(str(e.data["service_id"]) for e in envelopes):
            self._by_service.touch(service_id)
        services = {e.key: str(e.data["service_id"]) for e in envelopes if e.stream == "tokens"}
        rooms = [room for service_id in services.values() for room in staff_rooms(service_id)]
        watched = await self._watching.watched(distinct([*rooms, *map(token_room, services)]))
        await self._tell_claims([e for e in envelopes if "invite" in e.data], watched)
        await self._tell_staff(services, watched)
        await self._tell_holders(services, watched)

    async def _tell_claims(self, envelopes: Sequence[Envelope], watched: set[str]) -> None:
        """At once: a screen shows an invite that is used up."""
        for envelope in envelopes:
            state = {
                "token_id": envelope.key,
                "service_id": envelope.data["service_id"],
                "number": envelope.data["number"],
                "invite": envelope.data["invite"],
                "version": envelope.version,
            }
            for room in staff_rooms(state["service_id"]):
                if room in watched:
                    await self._emitter.emit(ADMIN, room, "invite.claimed", state)

    async def _tell_staff(self, services: Mapping[str, str], watched: set[str]) -> None:
        """``services`` by token. One read for all of a batch; none when nobody looks."""
        wanted = [token for token, service in services.items() if watched.intersection(staff_rooms(service))]
        states = await self._tokens(wanted) if wanted else {}
        for token, state in states.items():
            for room in staff_rooms(services[token]):
                if room in watched:
                    await self._emitter.emit(ADMIN, room, "token.updated", state)

    async def _tell_holders(self, services: Mapping[str, str], watched: set[str]) -> None:
        wanted = [token for token in services if token_room(token) in watched]
        states = await self._own_tokens(wanted) if wanted else {}
        for token, state in states.items():
            await self._emitter.emit(LIVE, token_room(token), "token.updated", state)

    async def _tell_line(self, service_id: str) -> None:
        public, staff = service_room(service_id), staff_rooms(service_id)
        watched = await self._watching.watched([public, *staff])
        if not watched:
            return
        try:
            state = await self._line(service_id)
        except NotFound:
            return
        if public in watched:
            await self._emitter.emit(LIVE, public, "service.updated", state)
        for room in watched.intersection(staff):
            await self._emitter.emit(ADMIN, room, "service.updated", state)
