"""Sign-up and sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts import messages
from app.accounts.errors import AccountDisabled, EmailTaken, WrongCredentials
from app.accounts.models import SignedInUser, User
from app.accounts.passwords import refuse_weak
from app.accounts.providers.recaptcha import Recaptcha
from app.accounts.repository import UserRepository
from app.accounts.service.limits import AccountLimits
from app.accounts.service.once import Once
from app.accounts.service.passwords import Passwords
from app.accounts.service.sessions import SessionService
from app.core.clock import Clock
from app.core.ids import derived_id
from app.core.ratelimit import Window, shown
from app.core.security import hash_email, normalise_email


@dataclass(frozen=True, slots=True)
class Admission:
    signed_in: SignedInUser
    window: Window
    replayed: bool


class SignInService:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionService,
        passwords: Passwords,
        limits: AccountLimits,
        once: Once,
        clock: Clock,
        recaptcha: Recaptcha | None = None,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._limits = limits
        self._once = once
        self._clock = clock
        self._recaptcha = recaptcha

    async def sign_up(
        self,
        *,
        email: str,
        password: str,
        name: str,
        phone: str | None,
        address: str,
        key: str | None,
        recaptcha_token: str | None = None,
    ) -> Admission:
        email = normalise_email(email)
        window = await self._limits.sign_up(address)

        async def create(id: str) -> SignedInUser:
            await self._check_person(id, recaptcha_token)
            async with self._limits.hashing.of(address):
                hashed = await self._passwords.hash(password)
            try:
                return await self._register(id, email=email, password=hashed, name=name, phone=phone)
            except EmailTaken:
                await self._limits.email_taken(address)
                raise

        with shown(window):
            refuse_weak(password, email)
            done = await self._once.run(
                caller=_guest(email),
                key=key,
                scope="POST /auth/signup",
                body={"email": email, "password": password, "name": name, "phone": phone},
                prefix="usr",
                create=create,
                read=lambda user_id: self._sessions.current(_first_session(user_id)),
            )
        return Admission(done.value, window, done.replayed)

    async def sign_in(self, *, email: str, password: str, address: str, key: str | None) -> Admission:
        email = normalise_email(email)
        async with self._limits.turn(email, address):
            return await self._sign_in(email, password, address, key)

    async def _sign_in(self, email: str, password: str, address: str, key: str | None) -> Admission:
        window = await self._limits.sign_in(email, address)

        async def create(id: str) -> SignedInUser:
            user = await self._recognise(email, password, address)
            await self._limits.signed_in(email, address)
            return await self._sessions.open(user, id)

        with shown(window):
            done = await self._once.run(
                caller=_guest(email),
                key=key,
                scope="POST /auth/signin",
                body={"email": email, "password": password},
                prefix="ses",
                create=create,
                read=self._sessions.current,
            )
        return Admission(done.value, window, done.replayed)

    async def _check_person(self, id: str, token: str | None) -> None:
        """Google takes each token once, so a repetition that finds its account is not asked again."""
        if self._recaptcha is not None and await self._users.get(id) is None:
            await self._recaptcha.check(token)

    async def _register(
        self, id: str, *, email: str, password: str, name: str, phone: str | None
    ) -> SignedInUser:
        user = User(
            id=id,
            email=email,
            name=name,
            phone=phone,
            role="customer",
            password=password,
            created_at=self._clock.now(),
        )
        known = await self._users.insert(user, [messages.signed_up(id)])
        return await self._sessions.open(known, _first_session(id))

    async def _recognise(self, email: str, password: str, address: str) -> User:
        user = await self._users.by_email(email)
        async with self._limits.hashing.of(address):
            verdict = await self._passwords.verify(password, user.password if user else None)
        if user is None or not verdict.right:
            raise WrongCredentials
        if user.disabled:
            raise AccountDisabled
        if verdict.upgraded:
            await self._users.rehash(user, verdict.upgraded)
        return user


def _guest(email: str) -> str:
    return f"guest:{hash_email(email)}"


def _first_session(user_id: str) -> str:
    """Derived, so that a repeated sign-up finds the session it opened."""
    return derived_id("ses", user_id, "signup")
