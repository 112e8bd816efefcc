"""Forty secrets and names of people, sent through every route of the running system: none is seen again in
logs, error bodies, Redis, job records, messages, the audit or metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.authorization import canaries
from tests.authorization.canaries import ALL, CODES, EMAILS, PASSWORDS, PHONES, TOKENS, Flock, sightings
from tests.authorization.lookout import Wire, documents
from tests.serving import Serving, eventually, serving

pytestmark = pytest.mark.process
API = "/api/v1"
ENDS_THE_SESSION = f"{API}/auth/signout"
LETTERS = 8
"""Texts, and numbers that are written to."""
EVENT = {
    "name": "Show",
    "starts_at": "2100-05-01T19:00:00Z",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "ticket_types": [
        {"name": "Free", "price": 0, "capacity": 100},
        {"name": "Hall", "price": 1, "capacity": 9},
    ],
}

LINE = {
    "name": "Passports",
    "slug": "passports",
    "timezone": "Europe/Vienna",
    "verify": "otp",
    "remote_join": True,
}


@dataclass
class Evidence:
    refusals: list[str] = field(default_factory=list)
    """Bodies and headers of all answers that were no success."""
    issued: list[str] = field(default_factory=list)
    """Secrets of ours that were given away."""
    answered: int = 0
    log: str = ""
    wire: str = ""
    stored: str = ""
    metrics: str = ""
    collections: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """The same with the fields where personal data belongs."""


class Sender:
    def __init__(self, client: httpx.Client, evidence: Evidence) -> None:
        self._client = client
        self._evidence = evidence

    def issued(self, secret: str) -> None:
        self._evidence.issued.append(secret)

    def send(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._client.request(method, path, headers=headers | more.pop("headers", {}), **more)
        self._evidence.answered += 1
        if not answer.is_success and not answer.is_redirect:
            self._evidence.refusals.append(f"{method} {path}: {answer.text} {dict(answer.headers)}")
        assert answer.status_code < 500, answer.text
        return answer


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    directory: Path = tmp_path_factory.mktemp("canaries") / "data"
    with serving(directory, environment={"USHER_LOG_LEVEL": "debug"}) as running:
        yield _gather(running)


def _gather(running: Serving) -> Evidence:
    evidence = Evidence()
    wire = Wire(running.run["redis"]["url"])
    with httpx.Client(base_url=running.url, timeout=30) as client, wire.tapped():
        sender = Sender(client, evidence)
        document = client.get("/openapi.json").json()
        admin = _sign_in(sender, running.run["admin"]["email"], running.run["admin"]["password"])
        _live(sender, admin)
        for method, path, spec in canaries.operations(document):
            _all_over(sender, document, method, path, spec, admin)
        sender.send("POST", f"{API}/admin/jobs/resume", admin)
        time.sleep(3)  # The worker hears of it all.
        eventually(lambda: _letters(running) >= LETTERS, seconds=300)
        evidence.metrics = client.get("/metrics").text
    evidence.stored = wire.stored()
    evidence.wire = "\n".join(wire.heard)
    mongod = running.run["mongod"]["url"]
    evidence.collections = documents(mongod, "usher")
    evidence.people = documents(mongod, "usher", at_home=True)
    evidence.log = running.output
    return evidence


def _letters(running: Serving) -> int:
    """Mails and texts that are on record."""
    stored = documents(running.run["mongod"]["url"], "usher")
    return min(stored.get("mails", "").count("'sms'"), stored.get("mail_caps", "").count("number/"))


def _all_over(
    sender: Sender, document: dict[str, Any], method: str, path: str, spec: dict[str, Any], admin: str
) -> None:
    """Canaries wherever the operation has room for them: first as a stranger, then as somebody who may."""
    flock = Flock()
    for token in (flock.for_field("token"), None if path == ENDS_THE_SESSION else admin):
        if path == f"{API}/me" and method == "DELETE" and token == admin:
            continue
        where = "/".join(flock.for_field("code") if "{" in part else part for part in path.split("/"))
        named = [p["name"] for p in spec.get("parameters", ()) if p["in"] == "query"]
        request: dict[str, Any] = {
            "params": {name: flock.for_field(name) for name in named},
            "headers": {
                "Idempotency-Key": flock.for_field("token"),
                "Cookie": f"session={flock.for_field('token')}",
            },
        }
        content = spec.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"].get("schema", {})
            request["json"] = flock.body(document, schema) or {"code": flock.for_field("code")}
        elif content:
            request["data"] = {"outcome": flock.for_field("code")}
        sender.send(method, where, token, **request)
        sender.send(method, where, token, **(request | {"params": {}}))


def _live(sender: Sender, admin: str) -> None:
    """Canaries where they belong: accounts, guests, sign-ins right and wrong, links asked for."""
    kinds = sender.send("POST", f"{API}/events", admin, json=EVENT).json()
    event = sender.send("POST", f"{API}/events/{kinds['id']}/publish", admin).json()
    for n, (email, phone, password) in enumerate(zip(EMAILS, PHONES, PASSWORDS, strict=True)):
        _live_one(sender, event, n, email, phone, password)
    line = sender.send("POST", f"{API}/services", admin, json=LINE).json()
    for n, (email, phone) in enumerate(zip(EMAILS, PHONES, strict=True)):
        _wait_in(sender, line, n, {"email": email, "phone": phone}, admin)


def _live_one(sender: Sender, event: Any, n: int, email: str, phone: str, password: str) -> None:
    person = {"email": email, "password": password, "name": CODES[n], "phone": phone}
    key = {"Idempotency-Key": f"sign-up-{n}"}
    signed_up = sender.send("POST", f"{API}/auth/signup", json=person, headers=key).json()
    token = signed_up["access_token"]
    wrong = {"email": email, "password": PASSWORDS[n - 1]}
    sender.send("POST", f"{API}/auth/signin", json=wrong)
    _sign_in(sender, email, password)
    sender.send("PATCH", f"{API}/me", token, json={"phone": PHONES[n - 1]})
    changed = {"current_password": password, "new_password": PASSWORDS[n - 1]}
    sender.send("POST", f"{API}/me/password", token, json=changed)
    sender.send("POST", f"{API}/auth/password/forgot", json={"email": email})
    sender.send("POST", f"{API}/auth/verify", json={"secret": TOKENS[n]})
    sender.send("POST", f"{API}/auth/refresh", json={"refresh_token": TOKENS[n]})
    guest = {"name": CODES[n], "email": email, "phone": phone}
    place = {"ticket_type_id": event["ticket_types"][n % 2]["id"], "quantity": 1}
    body = {"items": [place], "provider": "sandbox", "customer": guest}
    order = sender.send("POST", f"{API}/events/{event['id']}/orders", json=body).json()
    refund = {"reason": f"{CODES[n]} {email} {phone}"}
    sender.send("POST", f"{API}/orders/{order['id']}/refunds", order["secret"], json=refund)
    sender.send("GET", f"{API}/orders/{order['id']}", TOKENS[n])


def _wait_in(sender: Sender, line: Any, n: int, contact: dict[str, str], admin: str) -> None:
    """Told of it by text and mail, or refused."""
    person = contact | {"name": CODES[n], "alias": CODES[n - 1], "notify_changes": True}
    token = sender.send("POST", f"{API}/services/{line['id']}/tokens", json=person).json()
    sender.issued(token["secret"])
    sender.send("POST", f"{API}/services/{line['id']}/tokens", json=person)
    sender.send("POST", f"{API}/services/{line['id']}/claim", json=person | {"invite": TOKENS[n]})
    sender.send("POST", f"{API}/services/{line['id']}/next", admin, json={"counter": "1"})
    guess = {"version": 1, "code": CODES[n], "alias": CODES[n]}
    sender.send("POST", f"{API}/tokens/{token['id']}/verify", admin, json=guess)
    sender.send("GET", f"{API}/tokens/{token['id']}", TOKENS[n])


def _sign_in(sender: Sender, email: str, password: str) -> str:
    answer = sender.send("POST", f"{API}/auth/signin", json={"email": email, "password": password})
    return str(answer.json()["access_token"])


def test_there_are_forty_and_they_were_sent(evidence: Evidence) -> None:
    assert len(set(ALL)) == 40
    assert evidence.answered > 250
    assert len(evidence.refusals) > 100
    for email, phone in zip(EMAILS, PHONES, strict=True):
        assert email in evidence.people["users"]
        assert phone in evidence.people["orders"], "guests booked"
        assert phone in evidence.people["tokens"], "and joined a line"
    assert "canary" not in evidence.collections["users"]
    assert evidence.collections["mails"].count("_id") >= 8
    assert evidence.collections["mails"].count("'sms'") >= 8
    assert evidence.collections["mail_caps"].count("number/") == 8
    assert evidence.collections["audit"].count("'what'") >= 5
    assert evidence.log.count('"event":"request"') > 250
    assert len(evidence.wire) > 10_000


def test_none_in_logs(evidence: Evidence) -> None:
    assert sightings(evidence.log) == []


def test_none_in_error_bodies(evidence: Evidence) -> None:
    seen = [(sightings(refusal), refusal) for refusal in evidence.refusals if sightings(_answer(refusal))]
    assert seen == []


def test_none_in_redis_and_none_on_its_way_there(evidence: Evidence) -> None:
    assert sightings(evidence.stored) == []
    assert sightings(evidence.wire) == []


@pytest.mark.parametrize(
    "collection",
    [
        "jobs",
        "messages",
        "audit",
        "idempotency_keys",
        "sessions",
        "mails",
        "mail_caps",
        "tokens",
        "services",
    ],
)
def test_none_in_records(evidence: Evidence, collection: str) -> None:
    assert collection in evidence.collections
    assert sightings(evidence.collections[collection]) == []


def test_passwords_and_tokens_are_in_no_collection_at_all(evidence: Evidence) -> None:
    secret = [mark for mark in canaries.MARKS if "password" in mark or "token" in mark or "secret" in mark]
    for name, text in evidence.collections.items():
        assert [mark for mark in secret if mark in text] == [], name


def test_secrets_we_gave_away_are_kept_nowhere(evidence: Evidence) -> None:
    everything = [evidence.log, evidence.stored, evidence.wire, evidence.metrics, *evidence.people.values()]
    assert len(evidence.issued) == 8
    assert [secret for secret in evidence.issued if any(secret in text for text in everything)] == []


def test_none_in_metrics(evidence: Evidence) -> None:
    assert "usher_http_requests_total" in evidence.metrics
    assert sightings(evidence.metrics) == []


def test_control_the_lookout_sees_what_is_there() -> None:
    for value in ALL:
        assert sightings(f'{{"event":"x","url":"/{value}/y"}}'), value
    assert sightings("nothing of the kind") == []


def _answer(refusal: str) -> str:
    """Without our own request line."""
    return refusal.partition(": ")[2]
