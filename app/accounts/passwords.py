"""Which passwords are good enough. Length is the schema's business."""

from __future__ import annotations

import unicodedata

from app.accounts.common_passwords import common_passwords
from app.accounts.errors import WeakPassword

_FEWEST_LETTERS = 3


def refuse_weak(password: str, email: str, field: str = "password") -> None:
    plain = one_spelling(password).casefold()
    if plain in common_passwords():
        raise WeakPassword("one of the most common passwords", field)
    if len(set(plain)) < _FEWEST_LETTERS:
        raise WeakPassword("too few different characters", field)
    if plain in (email.casefold(), email.casefold().partition("@")[0]):
        raise WeakPassword("the same as the email", field)


def one_spelling(password: str) -> str:
    """Two keyboards may write one letter differently; it is the same password."""
    return unicodedata.normalize("NFKC", password)
