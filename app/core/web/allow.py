"""405 names every method its path knows. The router stops at the first route that has the path, and
would name that one's method only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"\\\{[^}]*\\\}")


def methods_of(path: str, openapi: Mapping[str, Any]) -> str:
    """As ``Allow`` lists them; empty when the document does not know the path."""
    allowed: set[str] = set()
    for template, operations in openapi["paths"].items():
        if _pattern(template).fullmatch(path):
            allowed |= {method.upper() for method in operations}
    return ", ".join(sorted(allowed))


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_VARIABLE.sub("[^/]+", re.escape(template)))
