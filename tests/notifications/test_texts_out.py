"""Texts leave through Twilio's API or into files; each failure says whether the text may have gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.notifications.errors import MailAway, MailRefused, MailUnsure
from app.notifications.models import TextMessage
from app.notifications.providers.file import FileTexts
from app.notifications.providers.twilio import TwilioAccount, TwilioTexts
from tests.fakes.twilio_server import SENDER, SID, TOKEN, TwilioServer, twilio_server

NUMBER = "+4915550000007"
MESSAGE = TextMessage("mail_01", NUMBER, "Bürgerbüro: number 7 & more ✓ = https://x.example/a/7#us_x")


@pytest.fixture(scope="module")
async def twilio() -> AsyncIterator[TwilioServer]:
    async with twilio_server() as server:
        yield server


@pytest.fixture
async def texts(twilio: TwilioServer) -> AsyncIterator[TwilioTexts]:
    twilio.empty()
    texts = through(twilio)
    yield texts
    await texts.aclose()


def through(twilio: TwilioServer, token: str = TOKEN, timeout_seconds: float = 30.0) -> TwilioTexts:
    return TwilioTexts(TwilioAccount(twilio.url, SID, token, SENDER, timeout_seconds))


async def test_a_text_arrives_whole_and_its_id_comes_back(twilio: TwilioServer, texts: TwilioTexts) -> None:
    sid = await texts.send(MESSAGE)
    [arrived] = twilio.messages
    assert (arrived.sender, arrived.to, arrived.text) == (SENDER, NUMBER, MESSAGE.text)
    assert sid == arrived.sid


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("400 21211", MailRefused),
        ("404 20404", MailRefused),
        ("401 20003", MailAway),
        ("429 20429", MailAway),
        ("503 20503", MailAway),
        ("500 20500", MailUnsure),
        ("302", MailUnsure),
        ("keep", MailUnsure),
    ],
)
async def test_each_failure_says_what_it_means(
    twilio: TwilioServer, texts: TwilioTexts, answer: str, error: type[Exception]
) -> None:
    twilio.next = [answer]
    with pytest.raises(error) as raised:
        await texts.send(MESSAGE)
    assert raised.type is error
    assert "+" not in str(raised.value)
    assert raised.value.__cause__ is None
    await texts.send(MESSAGE)


async def test_an_answer_that_does_not_come_leaves_it_open(twilio: TwilioServer, texts: TwilioTexts) -> None:
    twilio.next = ["keep_and_hang"]
    hasty = through(twilio, timeout_seconds=3.0)
    with pytest.raises(MailUnsure):
        await hasty.send(MESSAGE)
    await hasty.aclose()
    assert len(twilio.messages) == 1


async def test_nobody_listening_is_away() -> None:
    nowhere = through(TwilioServer("http://127.0.0.1:1"))
    with pytest.raises(MailAway) as raised:
        await nowhere.send(MESSAGE)
    assert raised.type is MailAway
    await nowhere.aclose()


async def test_a_wrong_token_can_wait_until_it_is_right(twilio: TwilioServer, texts: TwilioTexts) -> None:
    wrong = through(twilio, token="another")
    with pytest.raises(MailAway):
        await wrong.send(MESSAGE)
    await wrong.aclose()
    assert twilio.messages == []


async def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    texts = FileTexts(tmp_path / "texts")
    for _ in range(2):
        await texts.send(MESSAGE)
    [file] = (tmp_path / "texts").iterdir()
    assert file.read_text() == f"To: {NUMBER}\n\n{MESSAGE.text}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
