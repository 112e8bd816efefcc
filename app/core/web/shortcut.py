"""Routes so busy that FastAPI's way from a request to arguments costs more than the work itself.

The endpoint keeps its signature, which FastAPI documents and understands. Beside it stands a function
that gathers the same arguments from a plain, valid request. Whenever it does not like what it sees it
gives None, and FastAPI looks at the request anew: what is wrong with a request is said by FastAPI only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.core.web.strict_json import StrictRequest, StrictRoute

Gather = Callable[[Request], Awaitable[dict[str, Any] | None]]


def shortcut(gather: Gather) -> type[APIRoute]:
    """A route class for endpoints that answer with a Response of their own."""

    class ShortcutRoute(StrictRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            solve, endpoint = super().get_route_handler(), self.endpoint

            async def handle(request: Request) -> Response:
                strict = StrictRequest(request.scope, request.receive)
                arguments = await gather(strict)
                if arguments is None:
                    return await solve(strict)
                response: Response = await endpoint(**arguments)
                return response

            return handle

    return ShortcutRoute
