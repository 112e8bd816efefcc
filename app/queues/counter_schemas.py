"""What staff send from a counter, and what they are shown there."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.ids import is_id
from app.core.schemas import Body, Name, Time, omitted
from app.queues.models import Status, Token
from app.queues.schemas import Version

Counter = Annotated[Name, Field(max_length=20)]


def _service_id(text: str) -> str:
    if not is_id(text, "svc"):
        raise ValueError("must be the id of a service")
    return text


class NextBody(Body):
    counter: Counter


class VersionBody(Body):
    """The version of the token as they saw it."""

    version: Version


class VerifyBody(VersionBody):
    """The code that was sent, or the alias: one of them."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] = omitted()
    alias: Annotated[Name, Field(max_length=100)] = omitted()

    @model_validator(mode="after")
    def _one_of_them(self) -> VerifyBody:
        if (self.code is None) == (self.alias is None):
            raise ValueError("give the code or the alias")
        return self


class TransferBody(VersionBody):
    service_id: Annotated[str, AfterValidator(_service_id)]


class TransferredOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    service_id: str
    token_id: str


class StaffTokenOut(BaseModel):
    """``code_sent``: there is a code to ask for. The code itself only they know."""

    id: str
    service_id: str
    number: int
    alias: str
    own_alias: str | None
    name: str | None
    status: Status
    priority: int
    counter: str | None
    joined_at: Time
    called_at: Time | None
    recalled_at: Time | None
    started_at: Time | None
    ended_at: Time | None
    verified: bool
    code_sent: bool
    transferred_to: TransferredOut | None
    version: int

    @classmethod
    def of(cls, token: Token) -> StaffTokenOut:
        gone = token.transfer
        return cls(
            id=token.id,
            service_id=token.service_id,
            number=token.number,
            alias=token.alias,
            own_alias=token.own_alias,
            name=token.contact.name if token.contact else None,
            status=token.status,
            priority=token.priority,
            counter=token.counter,
            joined_at=token.joined_at,
            called_at=token.called_at,
            recalled_at=token.recalled_at,
            started_at=token.started_at,
            ended_at=token.ended_at,
            verified=token.verified_at is not None,
            code_sent=token.code is not None,
            transferred_to=TransferredOut(service_id=gone.service_id, token_id=gone.token_id)
            if gone
            else None,
            version=token.version,
        )


class SpreadOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    sample: int
    mean_minutes: float | None
    median_minutes: float | None
    p90_minutes: float | None


class AccuracyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    sample: int
    mean_absolute_error_minutes: float | None
    bias_minutes: float | None
    within_p90: float | None


class HourOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    begins: Time
    joined: int
    completed: int
    no_shows: int
    cancelled: int
    wait: SpreadOut


class LiveOut(BaseModel):
    waiting: int
    called: int
    serving: int
    away: int


class LineStatsOut(BaseModel):
    """Times are of those who ended that day; ``live`` is of now. Rates: no-shows of all who were called to
    the end, and those who gave up of all who ended."""

    model_config = ConfigDict(from_attributes=True)

    service_id: str
    day: str
    as_of: Time
    live: LiveOut
    joined: int
    completed: int
    no_shows: int
    no_show_rate: float | None
    cancelled: int
    abandonment_rate: float | None
    wait: SpreadOut
    service_time: SpreadOut
    forecast: AccuracyOut
    hours: list[HourOut]
