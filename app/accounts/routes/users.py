"""Accounts as an admin sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import Accounts, Admin, Administering
from app.accounts.models import Role
from app.accounts.routes.answers import mark, unpack
from app.accounts.schemas import UserChange, UserOut
from app.core.idempotency import IdempotencyKey
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.web.strict_json import StrictRoute

router = APIRouter(prefix="/users", tags=["accounts"], route_class=StrictRoute)


@router.get("")
async def list_users(
    response: Response,
    _: Admin,
    accounts: Accounts,
    page: Annotated[PageRequest, Depends(page_request)],
    role: Role | None = None,
    disabled: bool | None = None,
) -> Page[UserOut]:
    mark(response)
    users = await accounts.page(page, role, disabled)
    items = [UserOut.of(user) for user in users]
    return Page(items=items, next_cursor=next_cursor([user.id for user in users], page.limit))


@router.patch("/{id}")
async def change_user(
    id: str,
    body: UserChange,
    response: Response,
    caller: Admin,
    administration: Administering,
    key: IdempotencyKey = None,
) -> UserOut:
    """Sets the role and its limits, disables or enables. Disabling ends all sessions of the account."""
    return UserOut.of(unpack(response, await administration.administer(caller, id, body, key)))
