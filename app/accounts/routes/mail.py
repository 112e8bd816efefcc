"""Links that travel by mail: verifying an address, resetting a forgotten password."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.accounts.deps import Address, PasswordResets, SignedIn, Verifications
from app.accounts.routes.answers import mark
from app.accounts.schemas import ForgottenPassword, LinkSecret, PasswordResetBody
from app.core.idempotency import IdempotencyKey
from app.core.web.strict_json import StrictRoute

router = APIRouter(tags=["accounts"], route_class=StrictRoute)


@router.post("/me/verification", status_code=204)
async def ask_for_verification(
    response: Response,
    caller: SignedIn,
    verifications: Verifications,
    address: Address,
    key: IdempotencyKey = None,
) -> None:
    """Mails another link to the account's address. The one before it stops working."""
    done, window = await verifications.ask(str(caller.user_id), address, key)
    mark(response, replayed=done.replayed, window=window)


@router.post("/auth/verify", status_code=204)
async def verify(
    body: LinkSecret,
    response: Response,
    verifications: Verifications,
    address: Address,
    key: IdempotencyKey = None,
) -> None:
    """Follows a link from a verification mail, once."""
    done = await verifications.confirm(body.secret, address, key)
    mark(response, replayed=done.replayed)


@router.post("/auth/password/forgot", status_code=204)
async def forgot(
    body: ForgottenPassword,
    response: Response,
    resets: PasswordResets,
    address: Address,
    key: IdempotencyKey = None,
) -> None:
    """Mails a link to the address if an account has it. Answers the same, as fast, if none has."""
    done, window = await resets.ask(body.email, address, key)
    mark(response, replayed=done.replayed, window=window)


@router.post("/auth/password/reset", status_code=204)
async def reset(
    body: PasswordResetBody,
    response: Response,
    resets: PasswordResets,
    address: Address,
    key: IdempotencyKey = None,
) -> None:
    """Follows a link from a reset mail, once, and ends all sessions of the account."""
    done = await resets.reset(body.secret, body.password, address, key)
    mark(response, replayed=done.replayed)
