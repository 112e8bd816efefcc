"""schemathesis, all checks, over the real program: no 500, no answer the document does not promise.

The seed is fixed, so what is found is found again. What costs most, all of a schema's corners, is done once,
and of a few words of each long list: every time zone as a corner of its own would be two thirds of all there
are.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import Serving, serving

SEED = 20261120
SECONDS = 1200
GENEROUS = {
    "USHER_BOOKINGS_PER_MINUTE": "1000000",
    "USHER_SIGNIN_PER_MINUTE": "1000000",
    "USHER_SIGNIN_ADDRESS_PER_MINUTE": "1000000",
    "USHER_MAILS_PER_HOUR": "1000000",
    "USHER_MAILS_ADDRESS_PER_HOUR": "1000000",
    "USHER_LOG_LEVEL": "warning",
}
PASSWORD = "a-long-enough-password"
ENDS_THE_SESSION = "/api/v1/auth/signout"
ENDS_THE_ACCOUNT = "erase_api_v1_me_delete"
WORDS = 12
"""Of a long list that are tried."""

LINKS_FOLLOWED = re.compile(r"API Links: +[1-9]\d* covered")

CONFIG = """
seed = {seed}
continue-on-failure = true
warnings = false

[generation]
max-examples = {examples}
database = "none"

[phases.stateful]
enabled = {stateful}

[phases.examples]
enabled = false

[phases.coverage]
enabled = {coverage}

[phases.fuzzing]
enabled = {apart}

[checks.positive_data_acceptance]
# Rules between fields, and words that must be known, are more than a schema can say: 422 names them.
# A webhook's signature is none either: 400.
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "410", "422", "429"]

[dictionaries.ids]
values = {ids}

[parameters]
"path.event_id" = {{ dictionary = "ids", probability = 0.8 }}
"path.order_id" = {{ dictionary = "ids", probability = 0.8 }}
"path.id" = {{ dictionary = "ids", probability = 0.8 }}
"path.service_id" = {{ dictionary = "ids", probability = 0.8 }}
"path.token_id" = {{ dictionary = "ids", probability = 0.8 }}
"path.provider" = {{ dictionary = "ids", probability = 0.8 }}
"""


@dataclass(frozen=True)
class Fuzzing:
    """One run. ``coverage``: all corners of each schema. ``stateful``: requests that use what earlier ones
    answered; ``examples`` are then chains of them. ``only``: what paths look like."""

    role: str
    examples: int
    coverage: bool = False
    stateful: bool = False
    only: str = ""


@dataclass(frozen=True)
class Stage:
    """A running Usher with things in it, and somebody of each role."""

    running: Serving
    tokens: dict[str, str]
    ids: list[str]
    document: str
    """What is promised, as JSON."""

    def fuzz(self, directory: Path, fuzzing: Fuzzing) -> str:
        """What schemathesis found; empty when it found nothing."""
        role, config = fuzzing.role, directory / "schemathesis.toml"
        config.write_text(
            CONFIG.format(
                seed=SEED,
                examples=fuzzing.examples,
                coverage=json.dumps(fuzzing.coverage),
                stateful=json.dumps(fuzzing.stateful),
                apart=json.dumps(not fuzzing.stateful),
                ids=json.dumps(self.ids),
            )
        )
        promised = directory / "openapi.json"
        promised.write_text(self.document)
        who = ["-H", f"Authorization: Bearer {self.tokens[role]}"] if role in self.tokens else []
        ends = ["--exclude-path", ENDS_THE_SESSION, "--exclude-operation-id", ENDS_THE_ACCOUNT]
        stays = ends if who else []
        only = ["--include-path-regex", fuzzing.only] if fuzzing.only else []
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
        finished = subprocess.run(
            [*command, str(promised), "--url", self.running.url, "--no-color", *who, *stays, *only],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Test cases:" in finished.stdout, finished.stdout + finished.stderr
        assert not fuzzing.stateful or LINKS_FOLLOWED.search(finished.stdout), finished.stdout
        return finished.stdout if finished.returncode else ""


@contextmanager
def a_stage(directory: Path) -> Iterator[Stage]:
    data = directory / "data"
    with (
        serving(data, "--demo", environment=GENEROUS) as running,
        httpx.Client(base_url=f"{running.url}/api/v1", timeout=120) as client,
    ):
        yield furnished(running, client)


def furnished(running: Serving, client: httpx.Client) -> Stage:
    admin = running.run["admin"]
    tokens = {"admin": signed_in(client, admin["email"], admin["password"])}
    for role in ("staff", "customer"):
        person = {"email": f"{role}@example.com", "password": PASSWORD, "name": role}
        user = client.post("/auth/signup", json=person).json()["user"]
        headers = {"Authorization": f"Bearer {tokens['admin']}"}
        assert client.patch(f"/users/{user['id']}", json={"role": role}, headers=headers).is_success
        tokens[role] = signed_in(client, person["email"], PASSWORD)
    events = client.get("/events").json()["items"]
    headers = {"Authorization": f"Bearer {tokens['customer']}"}
    orders = []
    for _ in range(3):
        item = {"ticket_type_id": events[0]["ticket_types"][0]["id"], "quantity": 2}
        body = {"items": [item], "provider": "sandbox"}
        orders.append(client.post(f"/events/{events[0]['id']}/orders", json=body, headers=headers).json())
    line, places = a_line(client, {"Authorization": f"Bearer {tokens['admin']}"})
    ids = [thing["id"] for thing in (*events, *orders, line, *places)]
    used = {word for event in events for word in (event["timezone"], event["currency"])}
    used |= {one["timezone"] for one in client.get("/services").json()["items"]}
    document = shortened(httpx.get(f"{running.url}/openapi.json", timeout=120).json(), used)
    return Stage(running, tokens, [*ids, "sandbox"], json.dumps(document))


def a_line(client: httpx.Client, admin: dict[str, str]) -> tuple[Any, list[Any]]:
    """With three people in it."""
    body = {"name": "Counter", "slug": "fuzzed", "timezone": "Europe/Berlin", "average_minutes": 5}
    line = client.post("/services", json=body | {"remote_join": True}, headers=admin).json()
    joining = f"/services/{line['id']}/tokens"
    return line, [client.post(joining, json={}).json() for _ in range(3)]


def shortened(document: Any, used: set[str]) -> Any:
    """With a few words of each long list, those among them that answers are sure to hold."""
    for schema in document["components"]["schemas"].values():
        if len(words := schema.get("enum", ())) > WORDS:
            schema["enum"] = sorted(used & set(words)) + words[:: len(words) // WORDS]
    return document


def signed_in(client: httpx.Client, email: str, password: str) -> str:
    answer = client.post("/auth/signin", json={"email": email, "password": password})
    return str(answer.json()["access_token"])


def assert_nothing_breaks(stage: Stage, directory: Path, fuzzing: Fuzzing) -> None:
    if found := stage.fuzz(directory, fuzzing):
        pytest.fail(found, pytrace=False)
    assert "unexpected" not in stage.running.output
