"""One-time codes are short, so what protects them is that few guesses are ever looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.core.errors import Gone

TRIES = 5


class TriesSpent(Gone):
    """The right code is refused now too; the next one is a new ``n`` of its grant."""

    code, title = "tries_spent", "Too many wrong codes; ask for a new one"


async def tried(take: Callable[[], Awaitable[bool]], matches: Callable[[], bool]) -> bool:
    """``take`` counts a try where the code's document is, in one conditional update, and says whether one
    was left. Only then is the code compared: guesses in parallel get no more looks than guesses in turn."""
    if not await take():
        raise TriesSpent
    return matches()
