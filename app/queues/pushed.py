"""What is pushed about a token. It passes through Redis, so all of it is numbers, states and times: no name,
no alias, no contact, no secret. Allow-lists, so that a new field of a token stays at home."""

from __future__ import annotations

from typing import Any

from app.core.clock import rfc3339
from app.queues.eta import Wait
from app.queues.line import LineNumbers
from app.queues.models import Service, Token

State = dict[str, Any]
_TIMES = ("joined_at", "called_at", "recalled_at", "started_at", "ended_at")


def to_staff(token: Token, slug: str) -> State:
    """Whoever needs the name asks for the token."""
    return _token(token, slug) | {
        "day": token.day,
        "priority": token.priority,
        "invite": token.invite,
    }


def to_holder(token: Token, service: Service, numbers: LineNumbers, wait: Wait | None) -> State:
    """What can change; the alias and the text, which stay, were in the answer to the join."""
    latest = numbers.latest
    return _token(token, service.slug) | {
        "ahead": numbers.ahead_of(token),
        "wait": wait and _wait(wait, numbers),
        "served_number": latest.number if latest else None,
        "serving_since": rfc3339(latest.since) if latest and latest.since else None,
    }


def _token(token: Token, slug: str) -> State:
    times = {name: getattr(token, name) for name in _TIMES}
    moved = token.transfer
    return {
        "id": token.id,
        "service_id": token.service_id,
        "slug": slug,
        "number": token.number,
        "status": token.status,
        "counter": token.counter,
        "verified": token.verified_at is not None,
        "transferred_to": moved and {"service_id": moved.service_id, "token_id": moved.token_id},
        **{name: rfc3339(at) if at else None for name, at in times.items()},
        "version": token.version,
    }


def _wait(wait: Wait, numbers: LineNumbers) -> State:
    return {
        "median_minutes": round(wait.median_minutes, 1),
        "p90_minutes": round(wait.p90_minutes, 1),
        "sample": wait.sample,
        "as_of": rfc3339(numbers.as_of),
    }
