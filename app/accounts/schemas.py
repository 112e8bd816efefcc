"""Bodies and answers of the account routes. Fields that are ours (role, id, disabled) are in no body but
the admin's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from app.accounts.models import ApiKey, Permission, Role, Scope, Session, SignedInUser, Standing, User
from app.accounts.personal import TimelineEntry
from app.core.schemas import Body, Email, Integer, Moment, Name, Phone, Time, omitted

NewPassword = Annotated[
    str, StringConstraints(strip_whitespace=False, min_length=8, max_length=128), Field(repr=False)
]
"""Spaces at its ends are part of a password."""
KnownPassword = Annotated[
    str, StringConstraints(strip_whitespace=False, min_length=1, max_length=128), Field(repr=False)
]
KnownEmail = Annotated[str, Field(min_length=1, max_length=254)]
"""Not checked further: whatever is no account's email gets the answer of a wrong password."""
EventId = Annotated[str, Field(pattern="^evt_[0-9A-HJKMNP-TV-Z]{26}$")]
ServiceId = Annotated[str, Field(pattern="^svc_[0-9A-HJKMNP-TV-Z]{26}$")]
RefreshToken = Annotated[str, Field(min_length=1, max_length=2000, repr=False)]


class SignUp(Body):
    email: Email
    password: NewPassword
    name: Name
    phone: Phone | None = None
    recaptcha_token: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None,
        repr=False,
        description="Asked for only where reCAPTCHA keys are set; otherwise not looked at.",
    )


class GoogleSignInBody(Body):
    id_token: Annotated[str, Field(min_length=1, max_length=4096, repr=False)]


class SignIn(Body):
    email: KnownEmail
    password: KnownPassword


class Refresh(Body):
    refresh_token: RefreshToken


class SignOut(Body):
    refresh_token: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(
        default=None, repr=False, description="For a client whose access token has expired."
    )
    everywhere: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Ends every sign-in of the account, on all devices."
    )


class ProfileChange(Body):
    """What is left out stays; ``phone: null`` removes the number."""

    name: Name = omitted()
    phone: Phone | None = None

    @property
    def changes(self) -> dict[str, str | None]:
        return self.model_dump(exclude_unset=True)


class PasswordChange(Body):
    current_password: KnownPassword
    new_password: NewPassword


class LinkSecret(Body):
    """What stands behind the # of a link that was mailed."""

    secret: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class ForgottenPassword(Body):
    email: KnownEmail


class PasswordResetBody(LinkSecret):
    password: NewPassword


class ScopeBody(Body):
    """Limits to these events and lines. Empty lists: to nothing at all."""

    events: Annotated[list[EventId], Field(max_length=1000)] = []
    services: Annotated[list[ServiceId], Field(max_length=1000)] = []

    @property
    def scope(self) -> Scope:
        return Scope(frozenset(self.events), frozenset(self.services))


def _scope(body: ScopeBody | None) -> Scope | None:
    return body.scope if body else None


class ScopeOut(BaseModel):
    events: list[str]
    services: list[str]

    @classmethod
    def of(cls, scope: Scope | None) -> ScopeOut | None:
        return cls(events=sorted(scope.events), services=sorted(scope.services)) if scope else None


class UserChange(Body):
    """What is left out stays. ``scope: null`` lifts all limits."""

    role: Role = omitted()
    disabled: Annotated[bool, Field(strict=True)] = omitted()
    scope: ScopeBody | None = Field(default=None, description="What staff are limited to.")
    version: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None, description="The version this decision was made on; a stale one is refused."
    )

    def applied_to(self, standing: Standing) -> Standing:
        given = self.model_fields_set
        return Standing(
            role=self.role if "role" in given else standing.role,
            disabled=self.disabled if "disabled" in given else standing.disabled,
            scope=_scope(self.scope) if "scope" in given else standing.scope,
        )


class UserOut(BaseModel):
    id: str
    email: str
    email_verified: bool
    name: str
    phone: str | None
    photo_url: str | None
    role: Role
    disabled: bool
    scope: ScopeOut | None
    created_at: Time
    version: int

    @classmethod
    def of(cls, user: User) -> UserOut:
        return cls(
            id=user.id,
            email=user.email,
            email_verified=user.email_verified,
            name=user.name,
            phone=user.phone,
            photo_url=f"/api/v1/users/{user.id}/photo" if user.photo else None,
            role=user.role,
            disabled=user.disabled,
            scope=ScopeOut.of(user.scope),
            created_at=user.created_at,
            version=user.version,
        )


class SignedInOut(BaseModel):
    user: UserOut
    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 — a scheme, not a secret.
    expires_in: int

    @classmethod
    def of(cls, signed_in: SignedInUser) -> SignedInOut:
        return cls(
            user=UserOut.of(signed_in.user),
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_in=signed_in.expires_in,
        )


class ApiKeyBody(Body):
    name: Annotated[Name, Field(max_length=100)]
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=50)]
    scope: ScopeBody | None = Field(default=None, description="Absent: all events and lines.")
    expires_at: Moment | None = None


class ApiKeyOut(BaseModel):
    id: str
    name: str
    permissions: list[Permission]
    scope: ScopeOut | None
    created_by: str
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None = Field(description="Within an hour.")
    version: int
    secret: str | None = Field(default=None, repr=False, description="Only in the answer that makes it.")

    @classmethod
    def of(cls, key: ApiKey, secret: str | None = None) -> ApiKeyOut:
        return cls(
            id=key.id,
            name=key.name,
            permissions=sorted(key.permissions),
            scope=ScopeOut.of(key.scope),
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
            version=key.version,
            secret=secret,
        )


class TimelineOut(BaseModel):
    """``details`` depend on the kind."""

    at: Time
    kind: str
    id: str
    status: str
    title: str
    details: dict[str, Any]

    @classmethod
    def of(cls, moment: TimelineEntry) -> TimelineOut:
        return cls(
            at=moment.at,
            kind=moment.kind,
            id=moment.id,
            status=moment.status,
            title=moment.title,
            details=dict(moment.details),
        )


class SessionOut(BaseModel):
    """One sign-in, until ``expires_at`` unless used again or ended before."""

    id: str
    created_at: Time
    used_at: Time
    expires_at: Time
    ended_at: Time | None


class ExportOut(BaseModel):
    """``photo`` is a data URL; ``records`` are what other parts keep, by their names."""

    account: UserOut
    google_linked: bool
    has_password: bool
    email_verified_at: Time | None
    sessions: list[SessionOut]
    photo: str | None
    records: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(
        cls,
        user: User,
        sessions: Sequence[Session],
        photo: str | None,
        records: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> ExportOut:
        return cls(
            account=UserOut.of(user),
            google_linked=user.google is not None,
            has_password=user.password is not None,
            email_verified_at=user.email_verified_at,
            sessions=[_session(session) for session in sessions],
            photo=photo,
            records={kind: [dict(one) for one in found] for kind, found in records.items()},
        )


def _session(session: Session) -> SessionOut:
    return SessionOut(
        id=session.id,
        created_at=session.created_at,
        used_at=session.rotated_at,
        expires_at=session.expires_at,
        ended_at=session.ended_at,
    )
