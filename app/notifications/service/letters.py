"""Makes the letter a mail stands for, from what the database says at the moment of sending."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.models import Contact
from app.accounts.service.password_reset import PasswordReset
from app.accounts.service.verification import Verification
from app.catalogue.service import Catalogue
from app.core.errors import NotFound
from app.core.money import Money
from app.notifications.addresses import Addresses
from app.notifications.models import Letter, Mail, Reason
from app.notifications.templates import Templates
from app.orders.models import Item
from app.orders.service.recipients import Recipient, Recipients

About = Mapping[str, Any]
Made = tuple[str, About] | None
"""An address and what the template needs; None where nobody waits for this mail any more."""


class Letters:
    def __init__(
        self,
        verification: Verification,
        resets: PasswordReset,
        find_contact: Callable[[str], Awaitable[Contact]],
        recipients: Recipients,
        catalogue: Catalogue,
        addresses: Addresses,
        templates: Templates,
        public_url: str,
    ) -> None:
        self._verification = verification
        self._resets = resets
        self._find_contact = find_contact
        self._recipients = recipients
        self._catalogue = catalogue
        self._addresses = addresses
        self._templates = templates
        self._url = public_url.rstrip("/")
        self._makers: Mapping[Reason, Callable[[Mail], Awaitable[Made]]] = {
            "verify_email": self._verify_email,
            "reset_password": self._reset_password,
            "password_changed": self._password_changed,
            "order_confirmed": self._order_confirmed,
            "money_refunded": self._money_refunded,
        }

    async def write(self, mail: Mail) -> Letter | None:
        """None when it is not wanted any more, or its mailbox is not the one it was owed to."""
        made = await self._makers[mail.reason](mail)
        if made is None:
            return None
        email, about = made
        if not self._addresses.leads_to(mail.way, email):
            return None
        words = self._templates.words(mail.reason, about)
        return Letter(mail.id, email, words.subject, words.text, words.html)

    async def _verify_email(self, mail: Mail) -> Made:
        mailing = await self._verification.mailing(mail.about, int(mail.n))
        if mailing is None:
            return None
        url = f"{self._url}/account/verify#{mailing.secret}"
        return mailing.email, {"url": url, "days": self._verification.lifetime // timedelta(days=1)}

    async def _reset_password(self, mail: Mail) -> Made:
        mailing = await self._resets.mailing(mail.about, int(mail.n))
        if mailing is None:
            return None
        url = f"{self._url}/account/reset#{mailing.secret}"
        return mailing.email, {"url": url, "minutes": self._resets.lifetime // timedelta(minutes=1)}

    async def _password_changed(self, mail: Mail) -> Made:
        try:
            contact = await self._find_contact(mail.about)
        except NotFound:
            return None
        at = datetime.fromtimestamp(int(mail.facts["at"]), UTC)
        return contact.email, {"at": f"{at:%d %B %Y at %H:%M} UTC", "url": f"{self._url}/account/reset"}

    async def _order_confirmed(self, mail: Mail) -> Made:
        to = await self._recipients.of(mail.about)
        if to is None or to.order.status != "confirmed":
            return None
        event = await self._catalogue.recent(to.order.event_id)
        local = event.starts_at.astimezone(ZoneInfo(event.timezone))
        return to.email, {
            "code": to.order.code,
            "event": event.name,
            "when": f"{local:%A, %d %B %Y, %H:%M} ({event.timezone})",
            "venue": event.venue,
            "items": [_item(item) for item in to.order.items],
            "total": str(to.order.total),
            "url": self._order_url(to),
            "secret": to.secret is not None,
        }

    async def _money_refunded(self, mail: Mail) -> Made:
        to = await self._recipients.of(mail.about)
        if to is None:
            return None
        event = await self._catalogue.recent(to.order.event_id)
        money = Money(int(mail.facts["amount"]), str(mail.facts["currency"]))
        url = self._order_url(to)
        return to.email, {"code": to.order.code, "event": event.name, "money": str(money), "url": url}

    def _order_url(self, to: Recipient) -> str:
        """The secret behind the # never reaches a server's log."""
        fragment = f"#{to.secret}" if to.secret else ""
        return f"{self._url}/orders/{to.order.id}{fragment}"


def _item(item: Item) -> About:
    seats = [unit.removeprefix("s/") for unit in item.seats]
    return {"quantity": item.quantity, "name": item.name, "seats": seats}
