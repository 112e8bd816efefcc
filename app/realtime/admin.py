"""``/admin``: staff with an access token. Who stops being staff is put out within seconds.

Staff who are limited to some events and lines hear of those only. When the limits change they are put out
too, and come back within the new ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from socketio.exceptions import ConnectionRefusedError as Refused

from app.accounts.models import STAFF, Caller
from app.accounts.service import Callers
from app.core.errors import Problem, Transient, Unauthorized
from app.core.mongo import PyMongoError
from app.realtime.namespace import Namespace
from app.realtime.rooms import ADMIN, rooms_of
from app.realtime.seq import Sequences
from app.realtime.state import State, versioned
from app.realtime.watching import Watching

log = structlog.get_logger("realtime")


class AdminNamespace(Namespace):
    heard = frozenset({"watch"})

    def __init__(
        self,
        sequences: Sequences,
        watching: Watching,
        callers: Callers,
        stats: Callable[[Sequence[str] | None], Awaitable[State]],
    ) -> None:
        """``stats`` takes the events that count, None for all."""
        super().__init__(ADMIN)
        self._sequences = sequences
        self._watching = watching
        self._callers = callers
        self._stats = stats

    async def on_connect(self, sid: str, environ: Any, auth: Any = None) -> None:
        caller = await self._admitted(auth)
        await self.save_session(sid, {"caller": caller})
        for room in rooms_of(caller):
            await self.enter_room(sid, room)
        await self._watching.mark(rooms_of(caller))

    async def on_watch(self, sid: str, data: Any) -> State:
        """Where the client stands: each room's seq, and the figures at a glance."""
        caller = (await self.get_session(sid))["caller"]
        seqs = await self._sequences.read(rooms_of(caller))
        rooms = [{"room": room, "seq": seq} for room, seq in seqs.items()]
        stats = versioned(await self._stats(caller.events))
        snapshot = stats | {"rooms": rooms} | (rooms[0] if caller.bounds is None else {})
        await self.emit("snapshot", snapshot, to=sid, ignore_queue=True)
        return snapshot

    async def put_out_strangers(self) -> None:
        """Asks MongoDB about everybody connected here. While it is away nobody is put out: no news flows."""
        by_caller: dict[Caller, list[str]] = {}
        for sid in self._connected():
            with suppress(KeyError):  # It hung up meanwhile.
                by_caller.setdefault((await self.get_session(sid))["caller"], []).append(sid)
        verdicts = await asyncio.gather(*map(self._still_staff, by_caller))
        for sids, still in zip(by_caller.values(), verdicts, strict=True):
            for sid in [] if still else sids:
                await self.server.disconnect(sid, namespace=ADMIN, ignore_queue=True)

    async def _admitted(self, auth: Any) -> Caller:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str):
            raise _refused(Unauthorized())
        try:
            return await self._callers.require(f"Bearer {token}", STAFF)
        except Problem as problem:
            raise _refused(problem) from problem
        except PyMongoError as error:
            raise _refused(Transient()) from error

    async def _still_staff(self, caller: Caller) -> bool:
        try:
            now = await self._callers.confirm(caller)
            return now.is_staff and now.bounds == caller.bounds
        except Transient:
            return True
        except Problem:
            return False
        except PyMongoError as error:
            log.warning("staff_not_confirmed", error=type(error).__name__)
            return True

    def _connected(self) -> list[str]:
        return [sid for sid, _ in self.server.manager.get_participants(ADMIN, None)]


def _refused(problem: Problem) -> Exception:
    """Clients find the first as the error's message, the second as its data."""
    refused: Exception = Refused(problem.title, {"code": problem.code})
    return refused
