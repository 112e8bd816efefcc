"""What clients of lines send and get. ``ServiceOut`` is public: what it does not name nobody sees."""

from __future__ import annotations

import re
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, BaseModel, Field

from app.core.schemas import Body, Email, Integer, Name, Text, Time, TimeZone, omitted
from app.core.security import normalise_email
from app.queues.models import LOWEST_PRIORITY, OpeningHours, Service, State, Status, Verify
from app.queues.slugs import SLUG, is_reserved

_PHONE = re.compile(r"\+[0-9][0-9 ().\-/]{5,30}", re.ASCII)
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _free(slug: str) -> str:
    if is_reserved(slug):
        raise ValueError("this address is reserved")
    return slug


def _e164(text: str) -> str:
    """With its country, since nobody asks a phone where it stands."""
    if not _PHONE.fullmatch(text):
        raise ValueError("write + and the country's code first")
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


Slug = Annotated[str, Field(pattern=SLUG, max_length=40), AfterValidator(_free)]
Minutes = Annotated[float, Field(strict=True, gt=0, le=600)]
Counters = Annotated[Integer, Field(ge=0, le=1000)]
Capacity = Annotated[Integer, Field(ge=1, le=10_000)]
Seconds = Annotated[Integer, Field(ge=0, le=3600)]
Flag = Annotated[bool, Field(strict=True)]
PersonName = Annotated[Name, Field(max_length=100)]
Alias = Annotated[Name, Field(max_length=40)]
Mailbox = Annotated[Email, AfterValidator(normalise_email)]
E164 = Annotated[str, Field(max_length=32), AfterValidator(_e164)]
"""Kept as ``+43660123456``; spaces and brackets may be typed."""
Version = Annotated[Integer, Field(ge=1)]


class HoursBody(Body):
    """Monday is day 0. ``closes`` before ``opens`` is after midnight; the same time is a day later."""

    day: Annotated[Integer, Field(ge=0, le=6)]
    opens: Annotated[str, Field(pattern=_CLOCK)]
    closes: Annotated[str, Field(pattern=_CLOCK)]

    def hours(self) -> OpeningHours:
        return OpeningHours(self.day, self.opens, self.closes)


Hours = Annotated[list[HoursBody], Field(max_length=50)]


class ServiceBody(Body):
    """``average_minutes`` is the guess until services were measured. ``capacity``: people in line."""

    name: PersonName
    slug: Slug
    description: Annotated[Text, Field(max_length=2000)] = ""
    timezone: TimeZone
    average_minutes: Minutes = 5.0
    counters: Counters = 1
    verify: Verify = "alias"
    remote_join: Flag = False
    capacity: Capacity | None = None
    opening_hours: Hours = []
    carry_over: Flag = False
    grace_seconds: Seconds = 60
    recall_gap_seconds: Seconds = 30


class ServiceChanges(Body):
    """What is left out stays. ``opening_hours`` are given whole."""

    version: Version | None = None
    name: PersonName = omitted()
    slug: Slug = omitted()
    description: Annotated[Text, Field(max_length=2000)] = omitted()
    timezone: TimeZone = omitted()
    average_minutes: Minutes = omitted()
    counters: Counters = omitted()
    verify: Verify = omitted()
    remote_join: Flag = omitted()
    capacity: Capacity | None = None
    opening_hours: Hours = omitted()
    carry_over: Flag = omitted()
    grace_seconds: Seconds = omitted()
    recall_gap_seconds: Seconds = omitted()


class ExpectedVersion(Body):
    """``version``: refused as stale where it is not the current one."""

    version: Version | None = None


class JoinBody(Body):
    """All of it may be left out. ``notify_minutes_before``: a word when about so many are left."""

    name: PersonName | None = None
    email: Mailbox | None = None
    phone: E164 | None = None
    alias: Alias | None = None
    notify_minutes_before: Annotated[Integer, Field(ge=1, le=240)] | None = None
    notify_changes: Flag = False
    priority: Annotated[Integer, Field(ge=0, le=LOWEST_PRIORITY)] | None = Field(
        default=None, description="Staff only; the smaller the sooner"
    )


class ClaimBody(Body):
    """``invite``: what stands behind the # of the link in the QR code."""

    invite: Annotated[str, Field(min_length=1, max_length=100)]
    name: PersonName | None = None
    email: Mailbox | None = None
    phone: E164 | None = None
    alias: Alias | None = None
    notify_minutes_before: Annotated[Integer, Field(ge=1, le=240)] | None = None
    notify_changes: Flag = False


class HoursOut(BaseModel):
    day: int
    opens: str
    closes: str

    @classmethod
    def of(cls, service: Service) -> list[HoursOut]:
        return [cls(day=h.day, opens=h.opens, closes=h.closes) for h in service.opening_hours]


class ServiceSettings(BaseModel):
    """For staff: all they may change."""

    id: str
    name: str
    slug: str
    description: str
    timezone: str
    average_minutes: float
    counters: int
    verify: Verify
    remote_join: bool
    capacity: int | None
    opening_hours: list[HoursOut]
    carry_over: bool
    grace_seconds: int
    recall_gap_seconds: int
    state: State
    version: int
    created_at: Time

    @classmethod
    def of(cls, service: Service) -> ServiceSettings:
        fields = {name: getattr(service, name) for name in cls.model_fields}
        return cls(**fields | {"opening_hours": HoursOut.of(service)})


class WaitOut(BaseModel):
    """``sample``: how many services the forecast rests on."""

    median_minutes: float
    p90_minutes: float
    sample: int
    as_of: Time


class ServingOut(BaseModel):
    number: int
    counter: str | None
    since: Time | None


class ServiceOut(BaseModel):
    """``next``: numbers in order, the first hundred. ``waits``: people ahead, median, 90th percentile."""

    id: str
    slug: str
    name: str
    description: str
    timezone: str
    state: State
    counters: int
    remote_join: bool
    verify: Verify
    opening_hours: list[HoursOut]
    version: int
    now_serving: list[ServingOut]
    waiting: int
    next: list[int]
    waits: list[tuple[int, float, float]]
    wait: WaitOut
    served_today: int
    average_minutes_today: float | None


class StaffServiceOut(ServiceOut):
    settings: ServiceSettings


class InviteOut(BaseModel):
    """``url`` stands in the QR code. ``next_at``: when the screen should ask for the next one."""

    service_id: str
    slug: str
    n: int
    invite: str
    url: str
    next_at: Time
    expires_at: Time


class TransferredOut(BaseModel):
    service_id: str
    token_id: str


class TokenOut(BaseModel):
    """``secret``, ``url`` and ``text`` are for whoever the token belongs to. ``already_in_line``: this
    contact had a place before; a stranger may have asked, so its secret went to the contact."""

    id: str
    service_id: str
    slug: str
    number: int
    status: Status
    ahead: int
    wait: WaitOut | None
    counter: str | None
    served_number: int | None
    serving_since: Time | None
    version: int
    joined_at: Time
    called_at: Time | None = None
    started_at: Time | None = None
    alias: str | None = None
    own_alias: str | None = None
    verified: bool = False
    transferred_to: TransferredOut | None = None
    already_in_line: bool = False
    secret: str | None = None
    url: str | None = None
    text: str | None = None


class TokenHistoryOut(BaseModel):
    at: Time
    from_: Annotated[Status | None, Field(serialization_alias="from")]
    to: Status
    cause: str
    by: str


class DeskTokenOut(TokenOut):
    day: str
    priority: int
    name: str | None
    email: str | None
    phone: str | None
    invite: int | None
    recalled_at: Time | None
    ended_at: Time | None
    history: list[TokenHistoryOut]
