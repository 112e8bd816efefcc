"""Messages: past facts on the bus. A domain's ``messages.py`` says which facts it tells.

A state change pushes its messages into the ``outbox`` array of its own document, in the same update;
the relay (``workers/relay.py``) takes them from there. Data carries ids, amounts and states, never
personal data: a reader that needs more reads the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.ids import new_id

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """``stream`` is where it is published, ``type`` what happened, ``key`` the aggregate's id."""

    stream: str
    type: str
    key: str
    data: Document


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it travels: with its id, its aggregate's version, and when it happened."""

    id: str
    stream: str
    type: str
    key: str
    version: int
    at: datetime
    data: Document


def message_id(key: str, version: int, index: int) -> str:
    """Derived, so that a message relayed twice is the same message."""
    return f"msg_{key.rpartition('_')[2]}.{version}.{index}"


def outbox(messages: Sequence[Message], *, version: int, at: datetime) -> list[Document]:
    """The entries to push with the change that makes the document ``version``."""
    return [
        {
            "id": message_id(message.key, version, index),
            "stream": message.stream,
            "type": message.type,
            "key": message.key,
            "version": version,
            "at": at,
            "data": message.data,
        }
        for index, message in enumerate(messages)
    ]


def unversioned(messages: Sequence[Message], *, at: datetime) -> list[Document]:
    """Entries to push with a change of a document that counts no versions."""
    return [
        {
            "id": new_id("msg"),
            "stream": message.stream,
            "type": message.type,
            "key": message.key,
            "version": int(at.timestamp() * 1000),
            "at": at,
            "data": message.data,
        }
        for message in messages
    ]


def envelope(entry: Document) -> Envelope:
    return Envelope(
        id=entry["id"],
        stream=entry["stream"],
        type=entry["type"],
        key=entry["key"],
        version=entry["version"],
        at=entry["at"],
        data=entry["data"],
    )
