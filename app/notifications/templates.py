"""Words of letters: ``templates/<name>.txt`` and ``.html``. The first line of the text is the subject.

What somebody typed in (an event's name) is escaped in HTML; names of customers are in no letter, so that
signing a stranger's address up cannot be used to write to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_DIRECTORY = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Words:
    subject: str
    text: str
    html: str


class Templates:
    def __init__(self) -> None:
        loader = FileSystemLoader(_DIRECTORY)
        common: Mapping[str, Any] = {"loader": loader, "undefined": StrictUndefined, "trim_blocks": True}
        self._plain = Environment(**common, autoescape=False)  # noqa: S701 — plain text has no markup.
        self._html = Environment(**common, autoescape=True)

    def words(self, name: str, about: Mapping[str, Any]) -> Words:
        subject, _, text = self._plain.get_template(f"{name}.txt").render(about).partition("\n")
        html = self._html.get_template(f"{name}.html").render({**about, "subject": subject})
        return Words(subject, text.strip("\n") + "\n", html)
