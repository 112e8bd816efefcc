"""The short public address of a line: ``/{slug}``."""

from __future__ import annotations

import re

SLUG = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$"
_SLUG = re.compile(SLUG)

RESERVED = frozenset(
    """
    about account accounts admin api app appointments apple-touch-icon assets auth billing blog bookings
    checkout claim contact cookies counter dashboard demo display docs email error event events favicon faq
    help health home imprint index invite invites join legal line lines listings live login logout me metrics
    new next null official openapi order orders pages password pay payments phone photos postman privacy
    public queue queues redoc register reset robots sandbox search security services settings signin signout
    signup sitemap sms socket-io socketio static stats status support svc system terms ticket tickets tok
    token tokens undefined user users usher verify waitlist webhook webhooks well-known www
    """.split()  # noqa: SIM905 — a list of ninety literals is a page long.
)
"""Ours now or perhaps one day, or a lure: nobody should mistake a line for the house."""


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None


def is_reserved(slug: str) -> bool:
    return slug in RESERVED
