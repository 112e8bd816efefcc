"""What the routes of administration ask for."""

from __future__ import annotations

from typing import Annotated

from app.admin.repository import AuditLog
from app.admin.service import BackOffice
from app.core.jobs import JobQueue
from app.core.web.provide import provided
from app.webhooks.service import Inbox

Queue = Annotated[JobQueue, provided(JobQueue)]
Deliveries = Annotated[Inbox, provided(Inbox)]
AuditTrail = Annotated[AuditLog, provided(AuditLog)]
Office = Annotated[BackOffice, provided(BackOffice)]
