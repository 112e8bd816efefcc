"""Text messages by Twilio's REST API: https://www.twilio.com/docs/messaging/api/message-resource

It knows no idempotency keys, so an answer that never came leaves the doubt that SMTP leaves too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

import httpx

from app.notifications.errors import MailAway, MailRefused, MailUnsure
from app.notifications.models import TextMessage

_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TURNED_AWAY = frozenset({401, 403, 408, 429, 503})
"""Our keys are wrong, or we are too fast: says nothing about this message, which can wait."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """``sender``: a number of ours as E.164, a short code or a name."""

    url: str
    sid: str
    token: str = field(repr=False)
    sender: str
    timeout_seconds: float = 10.0


class TwilioTexts:
    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._client = httpx.AsyncClient(
            auth=(account.sid, account.token), timeout=account.timeout_seconds, trust_env=False
        )

    async def send(self, message: TextMessage) -> str | None:
        account = self._account
        url = f"{account.url.rstrip('/')}/2010-04-01/Accounts/{account.sid}/Messages.json"
        form = {"From": account.sender, "To": message.to, "Body": message.text}
        try:
            answer = await self._client.post(url, data=form)
        except _NOT_SENT as error:
            raise MailAway(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise MailUnsure(type(error).__name__) from None
        if not answer.is_success:
            _refuse(answer)
        return _sid(answer)

    async def aclose(self) -> None:
        await self._client.aclose()


def _refuse(answer: httpx.Response) -> NoReturn:
    """By numbers only: Twilio's words may quote the number or the text."""
    status, detail = answer.status_code, f"Twilio {answer.status_code}, code {_code(answer)}"
    if status in _TURNED_AWAY:
        raise MailAway(detail)
    if 400 <= status < 500:
        raise MailRefused(detail)
    raise MailUnsure(detail)


def _code(answer: httpx.Response) -> int:
    """0 where it says none: https://www.twilio.com/docs/api/errors"""
    try:
        return int(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return 0


def _sid(answer: httpx.Response) -> str | None:
    """It has the message, whatever else it says."""
    try:
        sid = str(answer.json()["sid"])
    except (ValueError, KeyError, TypeError):
        return None
    return sid if _SID.fullmatch(sid) else None
