"""The laws of the house that import contracts cannot say. docs/architecture.md gives the reasons."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterable

from tests.architecture.source import ROOT, Source, sources

ABSURD_LINES = 400
NO_ROOM = {"utils", "util", "helpers", "helper", "common", "misc", "constants"}
ASKS_THE_TIME = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
KNOWS_THE_TIME = {"app.core.clock", "app.core.mongo", "app.core.logging"}
PASSES_THE_ENVIRONMENT_ON = {"app.embedded.child", "app.supervisor.programs"}
"""They start programs, whose environment is ours and a little more."""
LAX_ROUTER = re.compile(r"APIRouter\((?=[^)]*prefix=)(?![^)]*route_class=(StrictRoute|shortcut))")
MAY_HOLD_A_DATABASE = {
    "app.bootstrap.accounts",
    "app.bootstrap.news",
    "app.bootstrap.sales",
    "app.bootstrap.services",
    "app.embedded.replica_set",
    "app.payments.providers.registry",  # Hands it to the sandbox.
    "app.payments.providers.sandbox.ledger",  # The sandbox's own books.
    "app.payments.providers.sandbox.provider",
}


def names(found: Iterable[Source]) -> list[str]:
    return [source.name for source in found]


def test_no_file_is_absurdly_long() -> None:
    assert not [f"{s.name}: {s.lines}" for s in sources() if s.lines > ABSURD_LINES]


def test_no_room_for_what_belongs_nowhere() -> None:
    assert not [s.name for s in sources() if NO_ROOM & set(s.name.split("."))]


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asking = [s for s in sources() if ASKS_THE_TIME & set(s.calls())]
    assert set(names(asking)) <= KNOWS_THE_TIME


def test_only_settings_read_the_environment() -> None:
    reading = {s.name for s in sources() if {"os.environ", "os.getenv"} & set(s.reads())}
    assert reading <= PASSES_THE_ENVIRONMENT_ON
    assert names(s for s in sources() if "pydantic_settings" in s.imports()) == ["app.settings"]


def test_problems_are_raised_as_our_own_errors() -> None:
    """``HTTPException`` is known to the one file that renders those of the framework."""
    raising = [s for s in sources() if any("HTTPException" in s.imports_from(m) for m in s.imports())]
    assert names(raising) == ["app.core.web.problems"]


def test_only_repositories_speak_to_collections() -> None:
    speaking = [
        s
        for s in sources()
        if {"Database", "Collection"} & s.imports_from("app.core.mongo")
        and not s.name.startswith("app.core.")
        and not s.name.startswith("app.check.")  # The independent checker reads the database by itself.
        and "repository" not in s.name.split(".")
    ]
    assert set(names(speaking)) <= MAY_HOLD_A_DATABASE


def test_routers_read_json_strictly() -> None:
    """Without ``StrictRoute`` (``shortcut`` is one) a router takes duplicate keys, NaN and any media type."""
    lax = [s.name for s in sources() if s.name.startswith("app.") and LAX_ROUTER.search(s.path.read_text())]
    assert lax == ["app.orders.routes.checkout"], "takes a form, from a page without script"


def test_every_package_stands_on_a_floor() -> None:
    linter = configparser.ConfigParser()
    linter.read(ROOT / ".importlinter")
    floors = set(re.findall(r"app\.\w+|workers", linter["importlinter:contract:floors"]["layers"]))
    packages = {".".join(s.name.split(".")[:2]) for s in sources() if s.name.startswith("app.")}
    assert packages <= floors


def test_no_module_changes_its_own_globals() -> None:
    """State lives in objects that bootstrap builds, so that two of them can stand side by side."""
    assert not [s.name for s in sources() if any(isinstance(node, ast.Global) for node in ast.walk(s.tree))]
