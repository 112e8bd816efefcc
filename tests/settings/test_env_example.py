"""``.env.example`` is the table of all settings, so it must not lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.settings import Group, Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECTION = re.compile(r"^# --- (\w+): .+$")
ENTRY = re.compile(r"^#(USHER_[A-Z0-9_]+)=(.*)$")


@dataclass(frozen=True)
class Entry:
    group: str
    name: str
    value: str
    explained: bool


def entries() -> list[Entry]:
    """``explained``: a comment stands above it, or above the entry it is listed with."""
    found: list[Entry] = []
    group, explained = "", False
    for line in EXAMPLE.read_text().splitlines():
        if section := SECTION.match(line):
            group, explained = section[1], False
        elif entry := ENTRY.match(line):
            found.append(Entry(group, entry[1], entry[2], explained))
        else:
            explained = line.startswith("# ")
    return found


def groups() -> list[type[Group]]:
    return Group.__subclasses__()


def settings() -> list[tuple[type[Group], str]]:
    return [(group, field) for group in groups() for field in group.model_fields]


def test_names_every_setting_in_its_group_and_nothing_else() -> None:
    known = [(group.__name__, f"USHER_{field.upper()}") for group, field in settings()]
    assert [(entry.group, entry.name) for entry in entries()] == known


def test_every_group_is_part_of_the_settings() -> None:
    built = Settings()
    assert {type(value) for value in vars(built).values()} == set(groups())


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_shows_the_default_and_says_what_it_is(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    group = next(group for group in groups() if group.__name__ == entry.group)
    field = entry.name.removeprefix("USHER_").lower()
    monkeypatch.setenv(entry.name, entry.value)
    assert plain(getattr(group(), field)) == plain(group.model_fields[field].default)
    assert entry.explained


def test_sets_nothing_by_itself() -> None:
    """Copied as it is, it must not put development defaults in the place of generated secrets."""
    assert all(line.startswith("#") for line in EXAMPLE.read_text().splitlines() if line)


def plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
