"""Who calls, as a route states it: ``caller: Staff``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes

from app.accounts.errors import SessionEnded
from app.accounts.models import ADMIN, STAFF, Caller, Permission
from app.accounts.service import (
    AccountService,
    Administration,
    ApiKeyService,
    Callers,
    SessionService,
    SignInService,
)
from app.accounts.service.google import GoogleSignIn
from app.accounts.service.password_reset import PasswordReset
from app.accounts.service.personal import PersonalData
from app.accounts.service.photos import PhotoService
from app.accounts.service.verification import Verification
from app.core.errors import Forbidden, NotFound, Unauthorized
from app.core.web.address import client_address, visitor_address
from app.core.web.problems import request_id
from app.core.web.provide import provided

_bearer = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="JWT",
    description="An access token, or where a route says so a resource secret.",
    auto_error=False,
)
OPTIONAL_BEARER: dict[str, Any] = {"security": [{"bearer": []}, {}]}
"""``openapi_extra`` of a route that AnyCaller may use."""

_NOBODY = Caller()
_NO_MACHINES = SecurityScopes()
_Callers = Annotated[Callers, provided(Callers)]
_Documented = Annotated[object, Depends(_bearer)]
"""Puts the padlock into OpenAPI; the header is read by Callers."""


async def any_caller(request: Request, callers: _Callers, scopes: SecurityScopes = _NO_MACHINES) -> Caller:
    caller = await callers.identify(request.headers.get("authorization"), _permission(scopes))
    return _stamped(caller, request) if caller.is_staff else caller


async def bearing(caller: Annotated[Caller, Depends(any_caller)], _: _Documented) -> Caller:
    if caller == _NOBODY:
        raise Unauthorized
    return caller


async def signed_in(caller: Annotated[Caller, Depends(any_caller)], _: _Documented) -> Caller:
    if caller.user_id is None:
        raise Unauthorized
    return caller


async def staff(request: Request, scopes: SecurityScopes, callers: _Callers, _: _Documented) -> Caller:
    return await _required(request, callers, STAFF, scopes)


async def admin(request: Request, scopes: SecurityScopes, callers: _Callers, _: _Documented) -> Caller:
    return await _required(request, callers, ADMIN, scopes)


async def whole_house(caller: Annotated[Caller, Depends(staff)]) -> Caller:
    return _unlimited(caller)


async def whole_house_admin(caller: Annotated[Caller, Depends(admin)]) -> Caller:
    return _unlimited(caller)


async def event_staff(event_id: str, caller: Annotated[Caller, Depends(staff)]) -> Caller:
    if not caller.oversees_event(event_id):
        raise NotFound
    return caller


async def service_staff(service_id: str, caller: Annotated[Caller, Depends(staff)]) -> Caller:
    if not caller.oversees_service(service_id):
        raise NotFound
    return caller


async def event_admin(event_id: str, caller: Annotated[Caller, Depends(admin)]) -> Caller:
    if not caller.oversees_event(event_id):
        raise NotFound
    return caller


async def leaving(request: Request, callers: _Callers) -> str | None:
    """The session of the presented token. One that has ended already may sign out once more."""
    authorization = request.headers.get("authorization")
    return None if authorization is None else callers.read(authorization).session_id


async def departing(request: Request, callers: _Callers, _: _Documented) -> Caller:
    """Signed in, or so until the erasure that this may repeat. The service asks MongoDB for the session."""
    try:
        caller = await any_caller(request, callers)
    except SessionEnded:
        caller = callers.read(request.headers.get("authorization"))
    if caller.user_id is None:
        raise Unauthorized
    return caller


async def _required(
    request: Request, callers: Callers, roles: frozenset[str], scopes: SecurityScopes
) -> Caller:
    authorization = request.headers.get("authorization")
    return _stamped(await callers.require(authorization, roles, _permission(scopes)), request)


def _unlimited(caller: Caller) -> Caller:
    if caller.limited:
        raise Forbidden("You are limited to some events and lines")
    return caller


def _permission(scopes: SecurityScopes) -> Permission | None:
    """Given by the functions below, whose parameter is typed."""
    return cast(Permission, scopes.scopes[0]) if scopes.scopes else None


def _stamped(caller: Caller, request: Request) -> Caller:
    """So that the audit can say which request it was."""
    return replace(caller, request_id=request_id(request))


# Without one of these a route takes no machines. ``caller: Annotated[Caller, staff_or("work:read")]``.
def anyone_or(permission: Permission) -> Any:
    return Security(any_caller, scopes=[permission])


def bearing_or(permission: Permission) -> Any:
    return Security(bearing, scopes=[permission])


def event_staff_or(permission: Permission) -> Any:
    """Staff of the event in the path; for others it is absent."""
    return Security(event_staff, scopes=[permission])


def staff_or(permission: Permission) -> Any:
    """The route must see to it that what is out of their bounds looks absent."""
    return Security(staff, scopes=[permission])


def whole_house_or(permission: Permission) -> Any:
    """Staff who are not limited to some events and lines."""
    return Security(whole_house, scopes=[permission])


def event_admin_or(permission: Permission) -> Any:
    """Admins, and machines that oversee the event in the path; for other machines it is absent."""
    return Security(event_admin, scopes=[permission])


def admin_or(permission: Permission) -> Any:
    """Admins, and machines that are not limited to some events and lines."""
    return Security(whole_house_admin, scopes=[permission])


def optional_bearer(permission: Permission) -> dict[str, Any]:
    """``openapi_extra`` of a route with ``anyone_or``."""
    return {"security": [{"bearer": [permission]}, {}]}


AnyCaller = Annotated[Caller, Depends(any_caller)]
"""Anonymous, with a resource secret, or signed in. A token that is no good is a 401, not anonymous."""
Bearing = Annotated[Caller, Depends(bearing)]
"""Signed in, or with a resource secret. Whether it opens the resource asked for is the service's to say."""
SignedIn = Annotated[Caller, Depends(signed_in)]
Staff = Annotated[Caller, Depends(staff)]
"""Staff or admin, session and role as MongoDB has them now."""
Admin = Annotated[Caller, Depends(admin)]
ServiceStaff = Annotated[Caller, Depends(service_staff)]
"""Staff of the line in the path; for others it is absent."""
WholeHouse = Annotated[Caller, Depends(whole_house)]
"""Staff who are not limited to some events and lines."""
Departing = Annotated[Caller, Depends(departing)]
Leaving = Annotated[str | None, Depends(leaving)]

Accounts = Annotated[AccountService, provided(AccountService)]
SignIns = Annotated[SignInService, provided(SignInService)]
Sessions = Annotated[SessionService, provided(SessionService)]
Administering = Annotated[Administration, provided(Administration)]
ApiKeys = Annotated[ApiKeyService, provided(ApiKeyService)]
Verifications = Annotated[Verification, provided(Verification)]
PasswordResets = Annotated[PasswordReset, provided(PasswordReset)]
GoogleSignIns = Annotated[GoogleSignIn, provided(GoogleSignIn)]
Personal = Annotated[PersonalData, provided(PersonalData)]
Photos = Annotated[PhotoService, provided(PhotoService)]
Address = Annotated[str, Depends(client_address)]
Visitor = Annotated[str, Depends(visitor_address)]
