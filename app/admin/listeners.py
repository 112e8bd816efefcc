"""Keeps what the stream ``audit`` tells. The message came with the action itself, so none is missing."""

from __future__ import annotations

from app.admin.models import AuditEntry
from app.admin.repository import AuditLog
from app.core.ids import timed_id
from app.core.messages import Envelope


class AuditListener:
    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    async def heard(self, envelope: Envelope) -> None:
        data = envelope.data
        entry = AuditEntry(
            id=timed_id("aud", envelope.at, envelope.id),
            at=envelope.at,
            by=data["by"],
            what=envelope.type,
            subject=data["subject"],
            before=data["before"],
            after=data["after"],
            request_id=data["request_id"],
        )
        await self._audit.add(entry)
