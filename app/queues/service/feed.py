"""Lines and tokens as live readers get them: as they are now, and read once for all who ask together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.accounts.models import Caller
from app.core.errors import NotFound
from app.core.memo import Memo
from app.queues.line import LineNumbers
from app.queues.models import Service, Token
from app.queues.presenter import LinePresenter, public_service
from app.queues.pushed import to_holder, to_staff
from app.queues.repository.tokens import Tokens
from app.queues.service.directory import Directory
from app.queues.service.reading import Reading
from app.queues.service.waiting import Waiting

State = dict[str, Any]
SPACING_SECONDS = 0.25
LINES_KEPT = 1000


class Feed:
    def __init__(
        self,
        directory: Directory,
        reading: Reading,
        tokens: Tokens,
        waiting: Waiting,
        presenter: LinePresenter,
        spacing: float = SPACING_SECONDS,
    ) -> None:
        self._directory = directory
        self._reading = reading
        self._tokens = tokens
        self._waiting = waiting
        self._presenter = presenter
        self._now: Memo[tuple[Service, LineNumbers]] = Memo(
            self._read, seconds=spacing, max_weight=LINES_KEPT, spacing=spacing
        )

    async def find(self, slug: str) -> str:
        """The id of the line there. Raises NotFound."""
        return (await self._directory.get(slug)).id

    async def line(self, service_id: str) -> State:
        """What everybody may know. Raises NotFound."""
        return public_service(*await self._as_it_is(service_id))

    async def tokens(self, ids: Sequence[str]) -> dict[str, State]:
        """For staff."""
        return {token.id: to_staff(token, await self._slug(token)) for token in await self._tokens.many(ids)}

    async def own_tokens(self, ids: Sequence[str]) -> dict[str, State]:
        """For those whose tokens they are."""
        return {token.id: await self._for_holder(token) for token in await self._tokens.many(ids)}

    async def own_token(self, token_id: str, secret: str) -> State:
        """For the bearer of its secret, with what is never pushed. Raises NotFound: absent and foreign look
        the same."""
        seen = await self._waiting.show(token_id, Caller(secret=secret))
        return self._presenter.token(seen).model_dump(mode="json")

    async def _for_holder(self, token: Token) -> State:
        service, numbers = await self._as_it_is(token.service_id)
        waits = token.status in ("waiting", "away")
        wait = await self._reading.wait(service, numbers.ahead_of(token)) if waits else None
        return to_holder(token, service, numbers, wait)

    async def _as_it_is(self, service_id: str) -> tuple[Service, LineNumbers]:
        """Read after it was asked for: news is not told with a line from before it. Many who ask within the
        spacing wait together."""
        self._now.forget(service_id)
        return await self._now.get(service_id)

    async def _read(self, service_id: str) -> tuple[Service, LineNumbers]:
        service = await self._directory.fresh(service_id)
        self._directory.forget(service)
        self._reading.forget(service_id)
        return service, await self._reading.numbers(service)

    async def _slug(self, token: Token) -> str:
        try:
            return (await self._directory.get(token.service_id)).slug
        except NotFound:
            return ""
