"""The post office: what is told by mail, and how it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.bootstrap.accounts import Accounts
from app.bootstrap.engines import Engines
from app.bootstrap.lines import Lines
from app.bootstrap.sales import Sales
from app.core.clock import Clock
from app.notifications.addresses import Addresses
from app.notifications.listeners import LineListener, MailListener, NewsListener
from app.notifications.models import Cap, Limits
from app.notifications.providers.base import Email, Texts
from app.notifications.providers.file import FileEmail, FileTexts
from app.notifications.providers.smtp import SmtpEmail, SmtpServer
from app.notifications.providers.twilio import TwilioAccount, TwilioTexts
from app.notifications.repository import Caps, Mails
from app.notifications.service import Letters, LineLetters, Post, Rationing, Ways, Writing
from app.notifications.templates import Templates
from app.orders.service.recipients import Recipients
from app.queues.repository.subscribers import Subscribers
from app.queues.service.recipients import LineRecipients
from app.queues.service.reminders import Reminders
from app.settings import Mail as MailSettings
from app.settings import Settings, Sms


@dataclass
class Notifications:
    post: Post
    listener: NewsListener
    reminders: Reminders
    ways: Ways
    repositories: tuple[Mails, Caps, Subscribers]

    async def close(self) -> None:
        await self.ways.aclose()


def build_notifications(engines: Engines, accounts: Accounts, sales: Sales, lines: Lines) -> Notifications:
    settings, clock, database = engines.settings, engines.clock, engines.mongo.database
    links, find_contact = accounts.mail_links, accounts.accounts.find_contact
    public_url, templates, addresses = settings.runtime.public_url, Templates(), Addresses(engines.ring)
    buyers = Recipients(sales.orders, sales.desk, find_contact)
    letters = Letters(
        links.verification,
        links.resets,
        find_contact,
        buyers,
        sales.catalogue,
        addresses,
        templates,
        public_url,
    )
    subscribers = Subscribers(database)
    waiting = LineRecipients(
        lines.tokens, lines.services, subscribers, engines.ring, find_contact, public_url
    )
    writing = Writing(letters, LineLetters(waiting, addresses, templates))
    mails, caps = Mails(database, clock), Caps(database)
    ways = Ways(build_email(settings.mail, clock), build_texts(settings.sms))
    post = Post(mails, writing.write, ways, Rationing(caps, limits_of(settings)), addresses, clock)
    return Notifications(
        post=post,
        listener=NewsListener(
            MailListener(post, links.verification, links.resets, find_contact, buyers),
            LineListener(post, waiting, addresses),
        ),
        reminders=Reminders(lines.tokens, subscribers, lines.directory, lines.reading, clock),
        ways=ways,
        repositories=(mails, caps, subscribers),
    )


def limits_of(settings: Settings) -> Limits:
    hour, day, sms = timedelta(hours=1), timedelta(days=1), settings.sms
    return {
        "unasked": Cap(settings.mail.mails_per_hour, hour),
        "mailbox": Cap(sms.line_mails_per_day, day),
        "mail_origin": Cap(sms.line_mails_address_per_day, day),
        "number": Cap(sms.texts_number_per_day, day),
        "origin": Cap(sms.texts_address_per_day, day),
        "line": Cap(sms.texts_line_per_day, day),
        "all": Cap(sms.texts_per_day, day),
    }


def build_texts(settings: Sms) -> Texts | None:
    if settings.sms_provider == "none":
        return None
    if settings.sms_provider == "file":
        return FileTexts(Path(settings.sms_directory))
    account = TwilioAccount(
        url=settings.twilio_url,
        sid=settings.twilio_account_sid,
        token=settings.twilio_auth_token.get_secret_value(),
        sender=settings.sms_from,
        timeout_seconds=settings.twilio_timeout_seconds,
    )
    return TwilioTexts(account)


def build_email(settings: MailSettings, clock: Clock) -> Email:
    if settings.email == "file":
        return FileEmail(Path(settings.email_directory), settings.email_from, clock)
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        encryption=settings.smtp_encryption,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
        timeout_seconds=settings.smtp_timeout_seconds,
    )
    return SmtpEmail(server, settings.email_from, clock)
