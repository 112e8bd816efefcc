"""The post office: what is told by mail, and how it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.bootstrap.accounts import Accounts
from app.bootstrap.engines import Engines
from app.bootstrap.sales import Sales
from app.core.clock import Clock
from app.notifications.listeners import MailListener
from app.notifications.providers.base import Email
from app.notifications.providers.file import FileEmail
from app.notifications.providers.smtp import SmtpEmail, SmtpServer
from app.notifications.repository import Mails
from app.notifications.service import Letters, Post
from app.notifications.templates import Templates
from app.orders.service.recipients import Recipients
from app.settings import Mail as MailSettings


@dataclass
class Notifications:
    post: Post
    listener: MailListener
    repositories: tuple[Mails]


def build_notifications(engines: Engines, accounts: Accounts, sales: Sales) -> Notifications:
    settings, clock = engines.settings, engines.clock
    links, find_contact = accounts.mail_links, accounts.accounts.find_contact
    recipients = Recipients(sales.orders, sales.desk, find_contact)
    letters = Letters(
        links.verification,
        links.resets,
        find_contact,
        recipients,
        sales.catalogue,
        Templates(),
        settings.runtime.public_url,
    )
    mails = Mails(engines.mongo.database, clock)
    post = Post(mails, letters.write, build_email(settings.mail, clock), clock, settings.mail.mails_per_hour)
    return Notifications(
        post=post,
        listener=MailListener(post, links.verification, links.resets, find_contact, recipients),
        repositories=(mails,),
    )


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
