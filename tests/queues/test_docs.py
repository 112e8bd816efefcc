"""docs/lines.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from app.queues.models import TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs" / "lines.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)


def test_the_table_of_moves_is_the_code_s() -> None:
    told = {start: set(re.findall(r"`(\w+)`", ends)) for start, ends in ROW.findall(PAGE.read_text())}
    assert told == {start: set(ends) for start, ends in TRANSITIONS.items() if ends}


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([\w/.-]+)\)", PAGE.read_text())
    assert links
    assert not [link for link in links if not (PAGE.parent / link).exists()]
