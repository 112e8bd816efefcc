"""What both namespaces share: which events of a client count, and how an error is answered."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, ClassVar

import structlog
from socketio import AsyncNamespace

from app.core.errors import Invalid, Problem, Transient
from app.core.mongo import PyMongoError, is_unavailable
from app.core.redis import RedisError

log = structlog.get_logger("realtime")


class Namespace(AsyncNamespace):  # type: ignore[misc]
    """Clients may send what ``heard`` names. Whatever else they send, our own events too, is ignored."""

    heard: ClassVar[frozenset[str]] = frozenset()

    async def trigger_event(self, event: str, *args: Any) -> Any:
        if event == "connect" and self._is_real_connect(*args[:2]):
            return await self.on_connect(*args)
        if event not in self.heard:
            return None
        sid, *data = args
        if len(data) > 1:
            return _error(Invalid("one object"))
        return await self._answered(getattr(self, f"on_{event}")(sid, data[0] if data else {}))

    async def on_connect(self, sid: str, environ: Any, auth: Any = None) -> None:
        """Everybody is welcome unless a namespace says otherwise."""

    def _is_real_connect(self, sid: str, environ: Any) -> bool:
        """The library gives its own ``environ``; a client that emits "connect" cannot."""
        return environ is self.server.get_environ(sid, self.namespace)

    async def _answered(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except Problem as problem:
            return _error(problem)
        except (PyMongoError, RedisError, OSError) as error:
            if isinstance(error, PyMongoError) and not is_unavailable(error):
                log.error("unexpected", error=type(error).__name__, exc_info=error)
            return _error(Transient())
        except Exception as error:
            log.error("unexpected", error=type(error).__name__, exc_info=error)
            return _error(Problem())


def _error(problem: Problem) -> dict[str, Any]:
    return {"error": {"code": problem.code, "title": problem.title, "status": problem.status}}
