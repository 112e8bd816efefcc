"""What the catalogue tells others. A reader that needs more reads the event."""

from __future__ import annotations

from app.core.messages import Message

STREAM = "events"


def event_published(event_id: str) -> Message:
    return Message(STREAM, "event.published", event_id, {"event_id": event_id})


def event_updated(event_id: str) -> Message:
    return Message(STREAM, "event.updated", event_id, {"event_id": event_id})


def event_cancelled(event_id: str) -> Message:
    return Message(STREAM, "event.cancelled", event_id, {"event_id": event_id})
