"""Field types that requests share: strict, bounded, and free of what could surprise a screen or a log."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    PlainSerializer,
)
from typing_extensions import TypeAliasType

from app.core.clock import milliseconds, rfc3339
from app.core.money import MAX_AMOUNT, Money

_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Body(BaseModel):
    """A request's body: what it does not name is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _clean(text: str) -> str:
    for char in text:
        if char in _BIDI or (unicodedata.category(char) in ("Cc", "Cs", "Co") and char != "\n"):
            raise ValueError("contains a control character")
    return unicodedata.normalize("NFC", text)


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("must be one line")
    return _clean(text)


def _written(value: object) -> object:
    """Pydantic would also take seconds since 1970, as a number or as digits."""
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        return value
    raise ValueError("must be a time in RFC 3339")


def _in_range(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2200:
        raise ValueError("the year must lie between 2000 and 2200")
    return milliseconds(at.astimezone(UTC))


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("not an IANA time zone")
    return name


def omitted() -> Any:
    """The default of a field that may be left out but not be null."""
    return Field(default_factory=lambda: None)


Integer = Annotated[int, Field(strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, Field(max_length=10_000), AfterValidator(_clean)]
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(_one_line)]
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Amount = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_range)]
"""A time in a request: written with its offset, kept in UTC in whole milliseconds."""
Time = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]
"""A time in an answer: RFC 3339 in UTC with ``Z``."""


TimeZone = TypeAliasType(
    "TimeZone",
    Annotated[str, AfterValidator(_known_timezone), Field(json_schema_extra={"enum": sorted(_timezones())})],
)
"""Named, so that the OpenAPI document lists them once."""


class MoneyOut(BaseModel):
    amount: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> MoneyOut:
        return cls(amount=money.amount, currency=money.currency)
