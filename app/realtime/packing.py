"""The JSON module of the Socket.IO server and of everybody who emits through Redis.

The library's own would raise at a datetime inside the fan-out, and the emit would silently be lost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from app.core.clock import rfc3339


def dumps(value: Any, **_: Any) -> str:
    """Socket.IO passes ``separators``; orjson's are the tight ones anyway."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def loads(text: str | bytes, **_: Any) -> Any:
    return orjson.loads(text)


def _default(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
