"""One's own account."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.accounts.deps import Accounts, SignedIn
from app.accounts.routes.answers import mark, unpack
from app.accounts.schemas import PasswordChange, ProfileChange, UserOut
from app.core.idempotency import IdempotencyKey
from app.core.web.strict_json import StrictRoute

router = APIRouter(prefix="/me", tags=["accounts"], route_class=StrictRoute)


@router.get("")
async def show(response: Response, caller: SignedIn, accounts: Accounts) -> UserOut:
    mark(response)
    return UserOut.of(await accounts.get(str(caller.user_id)))


@router.patch("")
async def change_profile(
    body: ProfileChange,
    response: Response,
    caller: SignedIn,
    accounts: Accounts,
    key: IdempotencyKey = None,
) -> UserOut:
    done = await accounts.change_profile(str(caller.user_id), body.changes, key)
    return UserOut.of(unpack(response, done))


@router.post("/password")
async def change_password(
    body: PasswordChange,
    response: Response,
    caller: SignedIn,
    accounts: Accounts,
    key: IdempotencyKey = None,
) -> UserOut:
    """Ends every other session of the account."""
    done, window = await accounts.change_password(
        str(caller.user_id), str(caller.session_id), body.current_password, body.new_password, key
    )
    mark(response, replayed=done.replayed, window=window)
    return UserOut.of(done.value)
