"""What lines tell: the streams ``tokens`` and ``services``. Numbers and states, never a name or alias."""

from __future__ import annotations

from app.core.messages import Message
from app.queues.models import Service, Status, Token

TOKENS = "tokens"
SERVICES = "services"


def happened(before: Status | None, after: Status) -> str:
    """The type of a move's message. Waiting again is ``token.waiting``, waiting at all ``token.joined``."""
    if before is None:
        return "token.joined"
    return "token.updated" if before == after else f"token.{after}"


def told(
    token: Token,
    before: Status | None,
    after: Status,
    cause: str,
    *,
    counter: str | None = None,
    type: str | None = None,
    code_n: int | None = None,
) -> Message:
    """The message of one change, written in the same update as the change itself."""
    data = {
        "token_id": token.id,
        "service_id": token.service_id,
        "number": token.number,
        "status": after,
        "cause": cause,
        "counter": counter,
        "invite": token.invite if before is None else None,
        "code_n": code_n,
    }
    present = {name: value for name, value in data.items() if value is not None}
    return Message(TOKENS, type or happened(before, after), token.id, present)


def told_again(token: Token) -> Message:
    """Somebody who gave the token's own contact wants to join: its secret is sent there once more."""
    return told(token, token.status, token.status, "joined again", type="token.joined_again")


def service_told(service: Service, what: str) -> Message:
    """``what``: created, updated, opened, paused, closed."""
    data = {"service_id": service.id, "slug": service.slug, "state": service.state}
    return Message(SERVICES, f"service.{what}", service.id, data)
