"""What accounts tell: the stream ``accounts``. Ids and numbers only; a reader reads the account again."""

from __future__ import annotations

from app.core.messages import Message

STREAM = "accounts"
SIGNED_UP = "user.signed_up"
VERIFICATION_ASKED = "user.verification_asked"
PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 — names a message.
USER_ERASED = "user.erased"
PASSWORD_FORGOTTEN = "password.forgotten"  # noqa: S105


def signed_up(user_id: str) -> Message:
    return Message(STREAM, SIGNED_UP, user_id, {"user_id": user_id})


def verification_asked(user_id: str, n: int) -> Message:
    """The ``n``-th link for this account's address is to be mailed."""
    return Message(STREAM, VERIFICATION_ASKED, user_id, {"user_id": user_id, "n": n})


def password_changed(user_id: str) -> Message:
    return Message(STREAM, PASSWORD_CHANGED, user_id, {"user_id": user_id})


def password_forgotten(request_id: str) -> Message:
    """Somebody says so about an address. Whether an account has it nobody has looked yet."""
    return Message(STREAM, PASSWORD_FORGOTTEN, request_id, {"request_id": request_id})


def user_erased(user_id: str) -> Message:
    """Whoever keeps something about this account lets go of it."""
    return Message(STREAM, USER_ERASED, user_id, {"user_id": user_id})
