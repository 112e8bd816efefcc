"""What people in a line are told. One place for the text message, the letter and the text to copy.

No word of it was typed in by a customer: whoever enters a stranger's number gets no words of their own
to that stranger.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.queues.models import State

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
"""3GPP TS 23.038: letters of one septet, and those of two. Any other makes all of it UCS-2."""
_SEPTETS, _SEPTETS_OF_MANY = 160, 153
_UNITS, _UNITS_OF_MANY = 70, 67


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's number in a line, and the way to its page."""

    line: str
    slug: str
    number: int
    alias: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """``linked``: without its link the text message is of little use. A letter has it always."""

    place: Place = field(repr=False)
    subject: str
    words: str = field(repr=False)
    linked: bool = True

    @property
    def text(self) -> str:
        """In one segment where that is possible: by a shorter name of the line, or none."""
        tail = f" {self.place.url}" if self.linked else ""
        names = (f"{one_line(self.place.line)}: ", f"{self.place.slug}: ", "")
        texts = [f"{name}{self.words}{tail}" for name in names]
        return next((text for text in texts if segments(text) == 1), min(texts, key=segments))


def live_url(public_url: str, slug: str, number: int, secret: str) -> str:
    """The secret behind the # never reaches a server's log."""
    return f"{public_url.rstrip('/')}/{slug}/{number}#{secret}"


def joined(place: Place) -> Told:
    return _told(place, f"your number is {place.number}", _number_and_alias(place))


def transferred(place: Place) -> Told:
    words = f"You were moved here and keep your turn. {_number_and_alias(place)}"
    return _told(place, f"your number is {place.number}", words)


def code(place: Place, code: str) -> Told:
    """The code is not in the subject, which a locked screen shows."""
    words = f"Your code for number {place.number} is {code}. Show it when you are called."
    return _told(place, f"your code for number {place.number}", words, linked=False)


def almost(place: Place, minutes: int) -> Told:
    to_go = f"about {minutes} {'minute' if minutes == 1 else 'minutes'} to go"
    return _told(place, to_go, f"{to_go.capitalize()} for number {place.number}.")


def called(place: Place, counter: str | None) -> Told:
    where = f" Please come to counter {one_line(counter)}." if counter else ""
    words = f"It is your turn, number {place.number}.{where}"
    return _told(place, f"it is your turn, number {place.number}", words, linked=False)


def serving(place: Place) -> Told:
    words = f"You are being served, number {place.number}."
    return _told(place, f"number {place.number}", words, linked=False)


def completed(place: Place) -> Told:
    words = f"Number {place.number} is done. Thank you for your visit."
    return _told(place, f"number {place.number} is done", words, linked=False)


def cancelled(place: Place, *, day_over: bool) -> Told:
    why = "because the day is over" if day_over else "by the staff"
    words = f"Your number {place.number} was cancelled {why}."
    return _told(place, f"number {place.number} was cancelled", words, linked=False)


_CHANGES: dict[State, str] = {
    "open": "The line goes on.",
    "paused": "The line is paused.",
    "closed": "Nobody can join any more.",
}


def changed(place: Place, state: State) -> Told:
    """Nobody loses a place by any of it."""
    words = f"{_CHANGES[state]} You keep your place, number {place.number}."
    return _told(place, "the line has changed", words)


def segments(text: str) -> int:
    """How many text messages a phone company makes of it."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        size = sum(2 if letter in _EXTENDED else 1 for letter in text)
        return 1 if size <= _SEPTETS else -(-size // _SEPTETS_OF_MANY)
    size = len(text.encode("utf-16-le")) // 2
    return 1 if size <= _UNITS else -(-size // _UNITS_OF_MANY)


def one_line(text: str) -> str:
    return " ".join(text.split())


def _number_and_alias(place: Place) -> str:
    return f"Number {place.number}, alias {place.alias}."


def _told(place: Place, subject: str, words: str, *, linked: bool = True) -> Told:
    return Told(place, f"{one_line(place.line)}: {subject}", words, linked)
