"""Why an event cannot be changed or shown as asked."""

from __future__ import annotations

from app.core.errors import Conflict, IllegalTransition


class EventCancelled(Conflict):
    code, title = "event_cancelled", "The event is cancelled"


class Fixed(IllegalTransition):
    """Tickets may have been sold on this promise."""

    title = "This cannot be changed after publishing"


class AlreadyBegun(IllegalTransition):
    title = "An event that has begun cannot be published"
