"""Tokens in a person's timeline and export, and how long contacts are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.accounts.models import User
from app.accounts.personal import TimelineEntry
from app.core.clock import Clock, rfc3339
from app.queues.models import Service, Token
from app.queues.repository.personal import Person, PersonalTokens
from app.queues.repository.services import Services

_PAGE = 200
_TOKENS_AT_ONCE = 1000


class TokenRecords:
    kind = "tokens"

    def __init__(
        self,
        tokens: PersonalTokens,
        services: Services,
        find_user: Callable[[str], Awaitable[User | None]],
    ) -> None:
        self._tokens = tokens
        self._services = services
        self._find_user = find_user

    async def moments(self, user_id: str, before: str, limit: int) -> Sequence[TimelineEntry]:
        after = f"tok_{before}" if before else ""
        found = await self._tokens.of_person(await self._person(user_id), after, limit)
        services = {name: await self._services.find(name) for name in {token.service_id for token in found}}
        return [_moment(token, services[token.service_id]) for token in found]

    async def export(self, user_id: str) -> Sequence[Mapping[str, Any]]:
        exported: list[Mapping[str, Any]] = []
        person, after = await self._person(user_id), ""
        while page := await self._tokens.of_person(person, after, _PAGE):
            exported += map(_exported, page)
            after = page[-1].id
        return exported

    async def forget(self, user_id: str) -> None:
        """Who is in a line keeps the place: nobody is told any more whose it is."""
        await self._tokens.forget_person(await self._person(user_id))

    async def _person(self, user_id: str) -> Person:
        """An address nobody has verified proves nothing."""
        user = await self._find_user(user_id)
        if user is None or user.mailbox is None:
            return Person(user_id)
        return Person(user_id, user.mailbox, user.erased_at)


class ContactRetention:
    def __init__(self, tokens: PersonalTokens, clock: Clock, days: int) -> None:
        """``days`` 0 keeps them for good."""
        self._tokens = tokens
        self._clock = clock
        self._kept = timedelta(days=days)

    async def sweep(self) -> int:
        """Contacts forgotten. What is left over is met by the next round."""
        if not self._kept:
            return 0
        return await self._tokens.forget_ended(self._clock.now() - self._kept, _TOKENS_AT_ONCE)


def _moment(token: Token, service: Service | None) -> TimelineEntry:
    details: dict[str, Any] = {"service_id": token.service_id, "day": token.day, "number": token.number}
    if service is not None:
        details |= {"slug": service.slug, "timezone": service.timezone}
    title = service.name if service else ""
    return TimelineEntry(token.created_at, "token", token.id, token.status, title, details)


def _exported(token: Token) -> Mapping[str, Any]:
    """Without what lets somebody act as its holder."""
    contact = token.contact
    times = ("joined_at", "called_at", "started_at", "ended_at", "verified_at")
    return {
        "id": token.id,
        "service_id": token.service_id,
        "day": token.day,
        "number": token.number,
        "status": token.status,
        "alias": token.alias,
        "own_alias": token.own_alias,
        "contact": {"name": contact.name, "email": contact.email, "phone": contact.phone}
        if contact
        else None,
        "counter": token.counter,
        "notify": {"minutes_before": token.notify.minutes_before, "changes": token.notify.changes},
        **{name: _time(getattr(token, name)) for name in times},
        "history": [
            {"at": rfc3339(entry["at"]), "from": entry["from"], "to": entry["to"], "cause": entry["cause"]}
            for entry in token.history
        ],
    }


def _time(at: Any) -> str | None:
    return rfc3339(at) if at is not None else None
