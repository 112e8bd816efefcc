"""Sign-up, sign-in, refresh, sign-out."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.accounts.deps import OPTIONAL_BEARER, Address, Leaving, Sessions, SignIns
from app.accounts.routes.answers import mark
from app.accounts.schemas import Refresh, SignedInOut, SignIn, SignOut, SignUp
from app.core.errors import Unauthorized
from app.core.idempotency import IdempotencyKey
from app.core.web.strict_json import StrictRoute

router = APIRouter(prefix="/auth", tags=["accounts"], route_class=StrictRoute)


@router.post("/signup", status_code=201)
async def sign_up(
    body: SignUp, response: Response, sign_ins: SignIns, address: Address, key: IdempotencyKey = None
) -> SignedInOut:
    admission = await sign_ins.sign_up(
        email=body.email,
        password=body.password,
        name=body.name,
        phone=body.phone,
        address=address,
        key=key,
        recaptcha_token=body.recaptcha_token,
    )
    mark(response, replayed=admission.replayed, window=admission.window)
    return SignedInOut.of(admission.signed_in)


@router.post("/signin")
async def sign_in(
    body: SignIn, response: Response, sign_ins: SignIns, address: Address, key: IdempotencyKey = None
) -> SignedInOut:
    admission = await sign_ins.sign_in(email=body.email, password=body.password, address=address, key=key)
    mark(response, replayed=admission.replayed, window=admission.window)
    return SignedInOut.of(admission.signed_in)


@router.post("/refresh")
async def refresh(
    body: Refresh, response: Response, sessions: Sessions, key: IdempotencyKey = None
) -> SignedInOut:
    """Each refresh token is good once. Repeated within ten seconds it gives the same successor, so it is
    its own idempotency key; repeated later it ends the whole sign-in."""
    mark(response)
    return SignedInOut.of(await sessions.refresh(body.refresh_token))


@router.post("/signout", status_code=204, openapi_extra=OPTIONAL_BEARER)
async def sign_out(
    sessions: Sessions, session_id: Leaving, body: SignOut | None = None, key: IdempotencyKey = None
) -> None:
    """Ends the session of the bearer, or of the refresh token in the body. Repeating it changes nothing."""
    everywhere = body is not None and body.everywhere
    if body is not None and body.refresh_token is not None:
        await (sessions.end_everywhere_by_token if everywhere else sessions.end_by_token)(body.refresh_token)
    elif session_id is None:
        raise Unauthorized
    if session_id is not None:
        await (sessions.end_everywhere(session_id) if everywhere else sessions.end(session_id, "signout"))
