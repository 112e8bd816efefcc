"""How much one may get: counted when something is about to be sent, by the one worker that sends it."""

from __future__ import annotations

from app.core.errors import Problem
from app.notifications.models import Limits, Mail
from app.notifications.repository import Caps


class CapReached(Problem):
    """``name`` says which one."""

    code, title = "cap_reached", "They have got enough"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Rationing:
    def __init__(self, caps: Caps, limits: Limits) -> None:
        self._caps = caps
        self._limits = limits

    async def count(self, mail: Mail) -> None:
        """Once for each mail and way, however often it is tried; one found half-sent is counted again, so
        that a crash never lets one more through. Raises CapReached."""
        if mail.counted:
            return
        for key in mail.way.caps:
            name = key.partition("/")[0]
            if not await self._caps.take(key, self._limits[name]):
                raise CapReached(name)
