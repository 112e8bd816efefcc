"""Sign-in with Google."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.accounts.deps import Address, GoogleSignIns
from app.accounts.routes.answers import mark
from app.accounts.schemas import GoogleSignInBody, SignedInOut
from app.core.idempotency import IdempotencyKey
from app.core.web.strict_json import StrictRoute

router = APIRouter(prefix="/auth", tags=["accounts"], route_class=StrictRoute)


@router.post("/google")
async def sign_in_with_google(
    body: GoogleSignInBody,
    response: Response,
    sign_ins: GoogleSignIns,
    address: Address,
    key: IdempotencyKey = None,
) -> SignedInOut:
    """Takes the ID token a browser got from Google. An account is found by Google's name for the person,
    else by the address, if Google has verified it, else made."""
    admission = await sign_ins.sign_in(id_token=body.id_token, address=address, key=key)
    mark(response, replayed=admission.replayed, window=admission.window)
    return SignedInOut.of(admission.signed_in)
