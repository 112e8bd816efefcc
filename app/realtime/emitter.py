"""Emits to a room from any process, numbered."""

from __future__ import annotations

from app.realtime.fanout import FanOut
from app.realtime.seq import Sequences
from app.realtime.state import State, versioned


class Emitter:
    def __init__(self, fanout: FanOut, sequences: Sequences) -> None:
        self._fanout = fanout
        self._sequences = sequences

    async def emit(self, namespace: str, room: str, event: str, state: State) -> None:
        """``state`` is whole; its version, the room's name and seq are added."""
        seq = await self._sequences.next(room)
        payload = versioned(state) | {"room": room, "seq": seq}
        await self._fanout.emit(event, payload, namespace=namespace, room=room)
