"""schemathesis, all checks, over the real program: no 500, no answer the document does not promise.

The seed is fixed, so what is found is found again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.serving import Serving, serving

pytestmark = pytest.mark.process

SEED = 20261120
SECONDS = 300
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

CONFIG = """
seed = {seed}
continue-on-failure = true
warnings = false

[generation]
max-examples = {examples}
database = "none"

[phases.stateful]
enabled = false

[phases.examples]
fill-missing = true

[phases.coverage]
enabled = {coverage}

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
"path.provider" = {{ dictionary = "ids", probability = 0.8 }}
"""


@dataclass(frozen=True)
class Stage:
    """A running Usher with things in it, and somebody of each role."""

    running: Serving
    tokens: dict[str, str]
    ids: list[str]

    def fuzz(self, directory: Path, role: str, *, examples: int, coverage: bool) -> str:
        """What schemathesis found; empty when it found nothing."""
        config = directory / "schemathesis.toml"
        config.write_text(
            CONFIG.format(
                seed=SEED, examples=examples, coverage=json.dumps(coverage), ids=json.dumps(self.ids)
            )
        )
        who = ["-H", f"Authorization: Bearer {self.tokens[role]}"] if role in self.tokens else []
        ends = ["--exclude-path", ENDS_THE_SESSION, "--exclude-operation-id", ENDS_THE_ACCOUNT]
        stays = ends if who else []
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
        finished = subprocess.run(
            [*command, f"{self.running.url}/openapi.json", "--no-color", *who, *stays],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Test cases:" in finished.stdout, finished.stdout + finished.stderr
        return finished.stdout if finished.returncode else ""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    data = tmp_path_factory.mktemp("fuzz") / "data"
    with (
        serving(data, "--demo", environment=GENEROUS) as running,
        httpx.Client(base_url=f"{running.url}/api/v1", timeout=30) as client,
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
    ids = [thing["id"] for thing in (*events, *orders)]
    return Stage(running, tokens, [*ids, "sandbox"])


def signed_in(client: httpx.Client, email: str, password: str) -> str:
    answer = client.post("/auth/signin", json={"email": email, "password": password})
    return str(answer.json()["access_token"])


@pytest.mark.parametrize(
    ("role", "examples", "coverage"),
    [("admin", 5, True), ("customer", 10, False), ("staff", 3, False), ("nobody", 3, False)],
)
def test_nothing_breaks_and_nothing_surprises(
    stage: Stage, tmp_path: Path, role: str, examples: int, coverage: bool
) -> None:
    if found := stage.fuzz(tmp_path, role, examples=examples, coverage=coverage):
        pytest.fail(found, pytrace=False)
    assert "unexpected" not in stage.running.output
