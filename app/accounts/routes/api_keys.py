"""Keys for machines. Only people make and revoke them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import Admin, ApiKeys
from app.accounts.routes.answers import mark, unpack
from app.accounts.schemas import ApiKeyBody, ApiKeyOut
from app.core.idempotency import IdempotencyKey
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.web.strict_json import StrictRoute

router = APIRouter(prefix="/api-keys", tags=["accounts"], route_class=StrictRoute)


@router.post("", status_code=201)
async def create_api_key(
    body: ApiKeyBody, response: Response, caller: Admin, api_keys: ApiKeys, key: IdempotencyKey = None
) -> ApiKeyOut:
    """The answer has the ``secret`` to present as the bearer. It is not stored and not shown again."""
    done = await api_keys.create(
        caller,
        name=body.name,
        permissions=frozenset(body.permissions),
        scope=body.scope.scope if body.scope else None,
        expires_at=body.expires_at,
        key=key,
    )
    made = unpack(response, done)
    return ApiKeyOut.of(made, api_keys.token(made))


@router.get("")
async def list_api_keys(
    response: Response,
    _: Admin,
    api_keys: ApiKeys,
    page: Annotated[PageRequest, Depends(page_request)],
) -> Page[ApiKeyOut]:
    """Revoked ones too: the audit names them."""
    mark(response)
    keys = await api_keys.page(page)
    items = [ApiKeyOut.of(key) for key in keys]
    return Page(items=items, next_cursor=next_cursor([key.id for key in keys], page.limit))


@router.delete("/{id}")
async def revoke_api_key(
    id: str, response: Response, caller: Admin, api_keys: ApiKeys, key: IdempotencyKey = None
) -> ApiKeyOut:
    """The next request with it is refused."""
    mark(response)
    return ApiKeyOut.of(await api_keys.revoke(caller, id))
