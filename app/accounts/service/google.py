"""Sign-in with Google: found by Google's name for the person, linked by an address whose mailbox Google
runs, or signed up. An address elsewhere is verified by our own mail like everybody's."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from app.accounts import messages
from app.accounts.errors import AccountDisabled, EmailTaken, GoogleCannotVouch, GoogleLinked, GoogleOff
from app.accounts.models import SignedInUser, User
from app.accounts.providers.google import GoogleIdentity, GoogleIdTokens
from app.accounts.repository import UserRepository
from app.accounts.repository.identities import IdentityRepository
from app.accounts.service.limits import AccountLimits
from app.accounts.service.once import Once
from app.accounts.service.sessions import SessionService
from app.accounts.service.sign_in import Admission
from app.core.clock import Clock
from app.core.errors import Transient
from app.core.ids import derived_id
from app.core.ratelimit import shown
from app.core.schemas import Name
from app.core.security import normalise_email

_TRIES = 5
_NAME: TypeAdapter[str] = TypeAdapter(Name)


class GoogleSignIn:
    def __init__(
        self,
        tokens: GoogleIdTokens | None,
        users: UserRepository,
        identities: IdentityRepository,
        sessions: SessionService,
        limits: AccountLimits,
        once: Once,
        clock: Clock,
    ) -> None:
        """Without ``tokens`` it is switched off."""
        self._tokens = tokens
        self._users = users
        self._identities = identities
        self._sessions = sessions
        self._limits = limits
        self._once = once
        self._clock = clock

    async def sign_in(self, *, id_token: str, address: str, key: str | None) -> Admission:
        if self._tokens is None:
            raise GoogleOff
        window = await self._limits.google(address)
        with shown(window):
            identity = await self._tokens.read(id_token)

            async def create(id: str) -> SignedInUser:
                return await self._sessions.open(await self._recognise(identity, id), id)

            done = await self._once.run(
                caller=f"google:{identity.subject}",
                key=key,
                scope="POST /auth/google",
                body={"id_token": id_token},
                prefix="ses",
                create=create,
                read=self._sessions.current,
            )
        return Admission(done.value, window, done.replayed)

    async def _recognise(self, identity: GoogleIdentity, session_id: str) -> User:
        """Two at once for a new person find each other on the second round."""
        for _ in range(_TRIES):
            user = await self._identities.by_google(identity.subject)
            if user is None:
                user = await self._link_or_sign_up(identity, session_id)
            if user is not None:
                if user.disabled:
                    raise AccountDisabled
                return user
        raise Transient("the account keeps changing")

    async def _link_or_sign_up(self, identity: GoogleIdentity, session_id: str) -> User | None:
        user = await self._users.by_email(normalise_email(identity.email))
        if user is None:
            return await self._sign_up(identity, session_id)
        if user.disabled:
            raise AccountDisabled
        if user.google == identity.subject:
            return user
        if user.google is not None:
            raise GoogleLinked
        if not identity.hosted:
            raise GoogleCannotVouch
        linked = await self._identities.link(user, identity.subject, self._clock.now(), session_id)
        if linked is not None and not user.password_proven:
            await self._sessions.end_all(user.id, "google_linked")
        return linked

    async def _sign_up(self, identity: GoogleIdentity, session_id: str) -> User | None:
        now, email = self._clock.now(), normalise_email(identity.email)
        user = User(
            id=derived_id("usr", session_id, "google"),
            email=email,
            name=_name(identity, email),
            phone=None,
            role="customer",
            password=None,
            created_at=now,
            email_verified_at=now if identity.hosted else None,
            google=identity.subject,
            google_unproven=not identity.hosted,
        )
        told = [] if identity.hosted else [messages.signed_up(user.id)]
        try:
            return await self._users.insert(user, told)
        except EmailTaken:
            return None


def _name(identity: GoogleIdentity, email: str) -> str:
    """What Google says, as far as it would be a name here."""
    try:
        return _NAME.validate_python(identity.name.strip())
    except ValidationError:
        return email.partition("@")[0]
