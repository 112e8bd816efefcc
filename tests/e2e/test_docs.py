"""Documents that follow from the program follow it; links and records are what they say."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving import Serving, serving

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RECORDS = sorted((DOCS / "decisions").glob("0*.md"))
PARTS = ("Status", "Context", "Decision", "Consequences", "Alternatives")
COUNTING_CURL = (
    "curl() { command curl -o /dev/null -w '%{http_code}\\n' \"$@\"; }\nuuidgen() { echo $RANDOM; }\n"
)


def test_every_endpoint_is_in_the_postman_collection_and_in_the_tour() -> None:
    """Run docs/generate.py when this fails."""
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.stdout, checked.returncode) == ("", 0), checked.stderr


def test_the_collection_is_one_postman_reads() -> None:
    collection = json.loads((ROOT / "postman_collection.json").read_text())
    assert collection["info"]["schema"].endswith("/v2.1.0/collection.json")
    known = {variable["key"] for variable in collection["variable"]} | {"$guid"}
    text = json.dumps(collection["item"])
    assert set(re.findall(r"\{\{([^}]+)\}\}", text)) <= known
    kept = set(re.findall(r'collectionVariables\.set\(\\"(\w+)', text))
    assert {"access_token", "admin_token", "event_id", "order_id", "order_secret"} <= kept <= known


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *RECORDS, DOCS / "decisions" / "README.md"], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_decisions_have_their_parts_and_are_listed(record: Path) -> None:
    text = record.read_text()
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert tuple(re.findall(r"^\*\*(\w+)\*\*:", text, re.MULTILINE)) == PARTS
    assert f"({record.name})" in (DOCS / "decisions" / "README.md").read_text()


def test_files_named_in_the_documents_exist() -> None:
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for named in re.findall(r"`((?:app|workers|docs|tests)/[\w/.]+)`", page.read_text()):
            assert (ROOT / named).exists(), f"{page.name}: {named}"


@pytest.mark.process
def test_every_curl_line_of_the_tour_is_understood(tmp_path: Path) -> None:
    """Its route is there, and no line is refused for its shape."""
    text = (DOCS / "api-tour.md").read_text().partition("<!-- generated")[2]
    lines = re.findall(r"^`(\S+ \S+)`.*\n\n```sh\n(.*?)```$", text, re.MULTILINE | re.DOTALL)
    with serving(tmp_path / "data", "--demo", "--worker-processes", "0") as running:
        known = variables(running)
        script = COUNTING_CURL + "\n".join(command for _, command in lines)
        told = subprocess.run(
            ["bash"], input=known + script, capture_output=True, text=True, timeout=600, check=False
        )
    statuses = dict(zip([name for name, _ in lines], told.stdout.split(), strict=True))
    assert not {
        name: status for name, status in statuses.items() if status in ("000", "404", "405", "415", "422")
    }


def variables(running: Serving) -> str:
    """What the session before the list has given."""
    admin = running.run["admin"]
    with httpx.Client(base_url=f"{running.url}/api/v1", timeout=120) as client:
        signed_in = client.post("/auth/signin", json=admin).json()
        event = client.get("/events").json()["items"][0]
        kind = event["ticket_types"][0]["id"]
        body = {
            "items": [{"ticket_type_id": kind, "quantity": 2}],
            "provider": "sandbox",
            "customer": {"name": "Ada", "email": "ada@example.com"},
        }
        order = client.post(f"/events/{event['id']}/orders", json=body).json()
    values = {
        "URL": running.url,
        "EMAIL": admin["email"],
        "PASSWORD": admin["password"],
        "ACCESS_TOKEN": signed_in["access_token"],
        "ADMIN_TOKEN": signed_in["access_token"],
        "REFRESH_TOKEN": signed_in["refresh_token"],
        "USER_ID": signed_in["user"]["id"],
        "EVENT_ID": event["id"],
        "TICKET_TYPE_ID": kind,
        "ORDER_ID": order["id"],
        "ORDER_SECRET": order["secret"],
        "PROVIDER": "sandbox",
    }
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())
