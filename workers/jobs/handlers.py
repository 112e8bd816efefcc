"""Which service call a job's name stands for."""

from __future__ import annotations

from collections.abc import Mapping

from app.bootstrap import Services
from app.webhooks.service import JOB as HANDLE_DELIVERY
from workers.runner import Handler


def handlers(services: Services) -> Mapping[str, Handler]:
    return {HANDLE_DELIVERY: services.news.inbox.handle}
