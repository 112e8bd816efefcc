"""Finding services: from the database, or from this process's memory where somebody waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import NotFound
from app.core.ids import is_id
from app.core.memo import Memo
from app.core.pagination import PageRequest
from app.queues.models import Service
from app.queues.repository.services import Services
from app.queues.slugs import is_slug

SECONDS = 1.0
KEPT = 10_000


class Directory:
    def __init__(self, services: Services, seconds: float = SECONDS) -> None:
        self._services = services
        self._memo: Memo[Service] = Memo(self._read, seconds=seconds, max_weight=KEPT)

    async def get(self, ref: str) -> Service:
        """By id or slug, as it was a second ago at most. Raises NotFound."""
        return self._memo.peek(ref) or await self._memo.get(ref)

    async def fresh(self, ref: str) -> Service:
        """From the database, and remembered."""
        self._memo.forget(ref)
        return await self._memo.get(ref)

    async def stored(self, service_id: str) -> Service:
        service = await self._services.find(service_id) if is_id(service_id, "svc") else None
        if service is None:
            raise NotFound
        return service

    async def list(self, page: PageRequest) -> Sequence[Service]:
        return await self._services.list(page.after, page.limit)

    async def known(self, slug: str) -> bool:
        """Whether a line has this address."""
        if not is_slug(slug):
            return False
        try:
            await self.get(slug)
        except NotFound:
            return False
        return True

    def forget(self, *services: Service) -> None:
        """This process reads its own writes."""
        for service in services:
            self._memo.forget(service.id)
            self._memo.forget(service.slug)

    async def _read(self, ref: str) -> Service:
        if is_slug(ref):
            if (service := await self._services.by_slug(ref)) is None:
                raise NotFound
            return service
        return await self.stored(ref)
