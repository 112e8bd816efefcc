"""Lines and tokens as their readers may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.core.security import KeyRing
from app.queues.eta import Wait
from app.queues.line import LineNumbers
from app.queues.models import SECRET_KIND, Document, Service, Token
from app.queues.schemas import (
    DeskTokenOut,
    HoursOut,
    ServiceOut,
    ServiceSettings,
    ServingOut,
    StaffServiceOut,
    TokenHistoryOut,
    TokenOut,
    TransferredOut,
    WaitOut,
)
from app.queues.service.joining import Joined
from app.queues.service.waiting import Seen
from app.queues.texts import Place, joined, live_url

NEXT_SHOWN = 100


def public_service(service: Service, numbers: LineNumbers) -> Document:
    """For everybody, asked for or pushed: numbers only."""
    return service_out(service, numbers).model_dump(mode="json")


def service_out(service: Service, numbers: LineNumbers) -> ServiceOut:
    return ServiceOut(**_public(service, numbers))


def staff_service(service: Service, numbers: LineNumbers) -> StaffServiceOut:
    return StaffServiceOut(**_public(service, numbers), settings=ServiceSettings.of(service))


def _public(service: Service, numbers: LineNumbers) -> dict[str, Any]:
    average = numbers.average_minutes_today
    return {
        "id": service.id,
        "slug": service.slug,
        "name": service.name,
        "description": service.description,
        "timezone": service.timezone,
        "state": service.state,
        "counters": service.counters,
        "remote_join": service.remote_join,
        "verify": service.verify,
        "opening_hours": HoursOut.of(service),
        "version": service.version,
        "now_serving": [
            ServingOut(number=one.number, counter=one.counter, since=one.since) for one in numbers.at_counters
        ],
        "waiting": numbers.waiting,
        "next": numbers.next(NEXT_SHOWN),
        "waits": [
            (ahead, round(wait.median_minutes, 1), round(wait.p90_minutes, 1))
            for ahead, wait in numbers.waits
        ],
        "wait": _wait(numbers.wait, numbers.as_of),
        "served_today": numbers.served_today,
        "average_minutes_today": None if average is None else round(average, 1),
    }


class LinePresenter:
    def __init__(self, ring: KeyRing, public_url: str) -> None:
        self._ring = ring
        self._public_url = public_url

    def token(self, seen: Seen) -> TokenOut:
        """For its owner with what is theirs alone, for staff with who it is."""
        fields = _numbers(seen.token, seen.service, seen.numbers, seen.ahead, seen.wait)
        fields |= _own(seen.token)
        if seen.for_owner:
            fields |= self._ways_back(seen.token, seen.service)
        if seen.for_staff and not seen.for_owner:
            return staff_token(seen.token, fields)
        return TokenOut(**fields)

    def listed(self, seen: Seen) -> DeskTokenOut:
        """For staff, among others."""
        fields = _numbers(seen.token, seen.service, seen.numbers, seen.ahead, seen.wait)
        return staff_token(seen.token, fields | _own(seen.token))

    def joined(self, made: Joined, seen: Seen) -> TokenOut:
        """``secret`` once. Whoever may be a stranger to the contact hears the number and no more."""
        token, service = made.token, made.service
        fields = _numbers(token, service, seen.numbers, seen.ahead, seen.wait)
        fields["already_in_line"] = made.again
        if made.secret is not None:
            fields |= _own(token) | self._ways_back(token, service) | {"secret": made.secret}
        if seen.for_staff:
            return staff_token(token, fields | _own(token))
        return TokenOut(**fields)

    def _ways_back(self, token: Token, service: Service) -> dict[str, Any]:
        secret = self._ring.secret(SECRET_KIND, token.secret_id, token.grant)
        url = live_url(self._public_url, service.slug, token.number, f"{token.id}.{secret}")
        place = Place(service.name, service.slug, token.number, token.alias, url)
        return {"url": url, "text": joined(place).text}


def staff_token(token: Token, fields: dict[str, Any]) -> DeskTokenOut:
    contact = token.contact
    return DeskTokenOut(
        **fields,
        day=token.day,
        priority=token.priority,
        name=contact.name if contact else None,
        email=contact.email if contact else None,
        phone=contact.phone if contact else None,
        invite=token.invite,
        recalled_at=token.recalled_at,
        ended_at=token.ended_at,
        history=[
            TokenHistoryOut(at=e["at"], from_=e["from"], to=e["to"], cause=e["cause"], by=e["by"])
            for e in token.history
        ],
    )


def _numbers(
    token: Token, service: Service, numbers: LineNumbers, ahead: int, wait: Wait | None
) -> dict[str, Any]:
    latest = numbers.latest
    return {
        "id": token.id,
        "service_id": token.service_id,
        "slug": service.slug,
        "number": token.number,
        "status": token.status,
        "ahead": ahead,
        "wait": None if wait is None else _wait(wait, numbers.as_of),
        "counter": token.counter,
        "served_number": latest.number if latest else None,
        "serving_since": latest.since if latest else None,
        "version": token.version,
        "joined_at": token.joined_at,
    }


def _own(token: Token) -> dict[str, Any]:
    moved = token.transfer
    return {
        "called_at": token.called_at,
        "started_at": token.started_at,
        "alias": token.alias,
        "own_alias": token.own_alias,
        "verified": token.verified_at is not None,
        "transferred_to": moved and TransferredOut(service_id=moved.service_id, token_id=moved.token_id),
    }


def _wait(wait: Wait, as_of: datetime) -> WaitOut:
    return WaitOut(
        median_minutes=round(wait.median_minutes, 1),
        p90_minutes=round(wait.p90_minutes, 1),
        sample=wait.sample,
        as_of=as_of,
    )
