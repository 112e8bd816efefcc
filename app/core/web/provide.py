"""How a route gets its service: ``Holds = Annotated[HoldService, provided(HoldService)]``.

``bootstrap`` builds the services, ``main`` puts them into ``app.state.provided`` by class.
"""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request


def provided(kind: type[Any]) -> Any:
    async def find(request: Request) -> Any:
        return request.app.state.provided[kind]

    return Depends(find)
