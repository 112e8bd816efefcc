"""The pages that links in mails lead to."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from app.web import page
from tests.e2e.conftest import PASSWORD, House, bearer
from tests.e2e.conftest import house as house
from tests.notifications.office import link, secret
from tests.notifications.smtp_server import Mailbox, smtp_server
from tests.serving import Serving, eventually, serving

PRESS = Path(__file__).with_name("press.mjs")
PAGES = page.PAGES / "account"
NEW = "an even longer password"
_INLINE = re.compile(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|javascript:|https?://", re.IGNORECASE)


@pytest.mark.parametrize("name", ["verify", "reset"])
async def test_pages_run_nothing_but_our_own_files(house: House, name: str) -> None:
    page = await house.client.get(f"/account/{name}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not _INLINE.search(page.text)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        asset = await house.client.get(f"/account/{path}")
        assert asset.status_code == 200
        assert asset.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")


async def test_nothing_else_of_the_directory_above_is_served(house: House) -> None:
    for path in ("../__init__.py", "..%2f__init__.py", "%2e%2e/account.py", "../../settings.py"):
        assert (await house.client.get(f"/account/assets/{path}")).status_code in (404, 405)


def test_scripts_write_text_and_never_markup() -> None:
    scripts = "".join(file.read_text() for file in PAGES.glob("*.js"))
    for unsafe in ("innerHTML", "outerHTML", "document.write", "insertAdjacent", "eval(", "localStorage"):
        assert unsafe not in scripts


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Where node takes ``.js`` for modules, as browsers do."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    directory = tmp_path / "pages"
    shutil.copytree(PAGES, directory)
    (directory / "package.json").write_text('{"type": "module"}')
    return directory


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Beside the test, which waits for processes without a loop of its own."""
    loop, server = asyncio.new_event_loop(), smtp_server()
    beside = Thread(target=loop.run_forever)
    beside.start()
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        beside.join()
        loop.close()


@pytest.mark.process
def test_from_sign_up_to_a_new_password_by_mail_alone(tmp_path: Path, pages: Path) -> None:
    """`usher serve`, a real mail server, and the pages' own scripts."""
    with mail_server() as mailbox:
        environment = {
            "USHER_EMAIL": "smtp",
            "USHER_SMTP_HOST": "127.0.0.1",
            "USHER_SMTP_PORT": str(mailbox.port),
            "USHER_SMTP_ENCRYPTION": "none",
        }
        with serving(tmp_path / "data", environment=environment) as usher:
            by_mail_alone(usher, mailbox, pages)
            assert "us_" not in usher.output
            assert "ada@example.com" not in usher.output


def by_mail_alone(usher: Serving, mailbox: Mailbox, pages: Path) -> None:
    ada = {"email": "ada@example.com", "password": PASSWORD}
    token = post(usher, "auth/signup", ada | {"name": "Ada"})["access_token"]
    seen = follow(pages, "verify", link(letter(mailbox, "Confirm your email address")))
    assert seen["said"][1] == "Thank you. Your email address is confirmed."
    assert seen["said"][2].startswith("Thank you."), "the same request again is the same answer"
    assert seen["addresses"] == ["/account/verify"]
    assert {sent["path"] for sent in seen["sent"]} == {"/api/v1/auth/verify"}
    assert {sent["credentials"] for sent in seen["sent"]} == {"omit"}
    me = httpx.get(f"{usher.url}/api/v1/me", headers=bearer(token)).json()
    assert me["email_verified"] is True

    seen = follow(pages, "reset", f"{usher.url}/account/reset", email=ada["email"])
    assert seen["said"][1] == "If an account has this address, the link is on its way."
    url = link(letter(mailbox, "Choose a new password"))
    assert follow(pages, "reset", url, password="password")["said"][1] == "one of the most common passwords"
    assert follow(pages, "reset", url, password=NEW)["said"][1] == "Your password is set. Sign in with it."
    assert "used before" in follow(pages, "reset", url, password=NEW)["said"][1]
    assert follow(pages, "verify", f"{usher.url}/account/verify")["said"][0].startswith("This link is not")
    letter(mailbox, "Your password was changed")
    assert post(usher, "auth/signin", ada | {"password": NEW})["user"]["email"] == ada["email"]
    assert len(mailbox.letters) == 3
    used = {"secret": secret(letter(mailbox, "Confirm your email address"))}
    assert httpx.post(f"{usher.url}/api/v1/auth/verify", json=used).status_code == 410


def follow(pages: Path, name: str, url: str, **typed: str) -> dict[str, Any]:
    command = ["node", str(PRESS), str(pages), name, url, json.dumps(typed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def letter(mailbox: Mailbox, subject: str) -> EmailMessage:
    eventually(lambda: any(one["Subject"] == subject for one in mailbox.letters))
    return next(one for one in mailbox.letters if one["Subject"] == subject)


def post(usher: Serving, path: str, body: dict[str, str]) -> Any:
    answer = httpx.post(f"{usher.url}/api/v1/{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()
