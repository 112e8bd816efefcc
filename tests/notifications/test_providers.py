"""Both ways out keep the port's promise; SMTP says of each failure whether the letter may have gone."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as POLICY
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core.clock import FixedClock
from app.notifications.errors import MailAway, MailRefused, MailUnsure
from app.notifications.models import Letter
from app.notifications.providers.base import Email
from app.notifications.providers.file import FileEmail
from app.notifications.providers.smtp import SmtpEmail, SmtpServer
from tests.notifications.smtp_server import PASSWORD, USERNAME, Mailbox, body, smtp_server

SENDER = "Usher <usher@example.com>"
CLOCK = FixedClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
TEXT = "Grüße ✓\n\nA line.\n.\nA line after a single dot.\n"


def letter(**other: Any) -> Letter:
    standard = {
        "id": "mail_01",
        "to": "ada@example.com",
        "subject": "Grüße",
        "text": TEXT,
        "html": "<p>ü</p>",
    }
    return Letter(**standard | other)


def smtp(mailbox: Mailbox, **other: Any) -> SmtpEmail:
    options: dict[str, Any] = {"encryption": "none", "timeout_seconds": 30.0} | other
    return SmtpEmail(SmtpServer("127.0.0.1", mailbox.port, **options), SENDER, CLOCK)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(params=["smtp", "file"])
def way_out(
    request: pytest.FixtureRequest, mailbox: Mailbox, tmp_path: Path
) -> tuple[Email, Callable[[], list[EmailMessage]]]:
    """A provider, and what came out of it."""
    if request.param == "smtp":
        return smtp(mailbox), lambda: mailbox.letters
    parser = BytesParser(_class=EmailMessage, policy=POLICY)
    return FileEmail(tmp_path / "mail", SENDER, CLOCK), lambda: [
        parser.parsebytes(file.read_bytes()) for file in sorted((tmp_path / "mail").glob("*.eml"))
    ]


WayOut = tuple[Email, Callable[[], list[EmailMessage]]]


async def test_a_letter_arrives_whole(way_out: WayOut) -> None:
    email, arrived = way_out
    await email.send(letter())
    [found] = arrived()
    assert (found["From"], found["To"], found["Subject"]) == (SENDER, "ada@example.com", "Grüße")
    assert found["Message-ID"] == "<mail_01@example.com>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Date"].datetime == CLOCK.now()
    assert body(found).replace("\r\n", "\n") == TEXT
    assert body(found, "html").strip() == "<p>ü</p>"


@pytest.mark.parametrize(
    "subject",
    ["Hi\r\nBcc: eve@example.com", "Hi\nBcc: eve@example.com", "Hi\u2028Bcc: eve@example.com", "Hi\x00\x0b"],
)
async def test_a_subject_adds_no_header(way_out: WayOut, subject: str) -> None:
    email, arrived = way_out
    await email.send(letter(subject=subject))
    [found] = arrived()
    assert found["Bcc"] is None
    assert len(found.get_all("To", [])) == 1
    assert str(found["Subject"]).startswith("Hi")


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com\r\nRCPT TO:<eve@example.com>",
        "ada@example.com, eve@example.com",
        "<eve@example.com>",
        "ada@example.com>",
        "Ada <ada@example.com>",
        "ada@eve@example.com",
        "ada",
        "@example.com",
        "ada@",
        "ada\x00@example.com",
    ],
)
async def test_only_a_plain_address_is_written_to(way_out: WayOut, to: str) -> None:
    email, arrived = way_out
    with pytest.raises(MailRefused):
        await email.send(letter(to=to))
    assert arrived() == []


async def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    email = FileEmail(tmp_path / "mail", SENDER, CLOCK)
    for _ in range(2):
        await email.send(letter())
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == "mail_01.eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


async def test_a_directory_that_cannot_be_written_is_a_server_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in its place")
    with pytest.raises(MailAway):
        await FileEmail(tmp_path / "mail", SENDER, CLOCK).send(letter())


async def test_domains_outside_ascii_are_written_as_dns_knows_them(mailbox: Mailbox) -> None:
    await smtp(mailbox).send(letter(to="ada@bücher.example"))
    assert mailbox.recipients == ["ada@xn--bcher-kva.example"]


async def test_mailboxes_outside_ascii_need_a_server_that_knows_them(mailbox: Mailbox) -> None:
    await smtp(mailbox).send(letter(to="jörg@example.com"))
    assert mailbox.recipients == ["jörg@example.com"]
    async with smtp_server(smtputf8=False) as old:
        with pytest.raises(MailRefused):
            await smtp(old).send(letter(to="jörg@example.com"))


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("at_rcpt", "550 no such mailbox", MailRefused),
        ("at_rcpt", "451 later", MailAway),
        ("at_data", "554 looks like spam", MailRefused),
        ("at_data", "452 no room", MailAway),
        ("at_data", "keep", MailUnsure),
        ("at_data", "hang", MailUnsure),
    ],
)
async def test_each_failure_says_what_it_means(
    mailbox: Mailbox, step: str, answer: str, error: type[Exception]
) -> None:
    getattr(mailbox, step).append(answer)
    with pytest.raises(error) as raised:
        await smtp(mailbox, timeout_seconds=3.0 if answer == "hang" else 30.0).send(letter())
    assert raised.type is error
    assert "ada" not in str(raised.value)
    await smtp(mailbox).send(letter())


async def test_nobody_listening_is_away() -> None:
    with pytest.raises(MailAway) as raised:
        await smtp(Mailbox(port=1)).send(letter())
    assert raised.type is MailAway


async def test_starttls_and_a_password(tmp_path: Path) -> None:
    trust, server = certificates(tmp_path)
    login = {"encryption": "starttls", "trust": trust, "username": USERNAME, "password": PASSWORD}
    async with smtp_server(tls=server, sign_in=True) as mailbox:
        await smtp(mailbox, **login).send(letter())
        assert mailbox.encrypted == [True]
        with pytest.raises(MailAway):
            await smtp(mailbox, **login | {"password": "another"}).send(letter())
        with pytest.raises(MailAway):
            await smtp(mailbox).send(letter())
        assert len(mailbox.letters) == 1


async def test_a_server_we_cannot_trust_gets_no_letter(tmp_path: Path, mailbox: Mailbox) -> None:
    _, server = certificates(tmp_path)
    async with smtp_server(tls=server) as impostor:
        with pytest.raises(MailAway):
            await smtp(impostor, encryption="starttls").send(letter())
        assert impostor.letters == []
    with pytest.raises(MailAway):  # It offers no encryption, and we were told to insist.
        await smtp(mailbox, encryption="starttls").send(letter())
    assert mailbox.letters == []


def certificates(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the client trusts, and what the server shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "cert.pem", directory / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(public, private)
    return ssl.create_default_context(cafile=str(public)), server
