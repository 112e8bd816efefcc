"""What counters need of ``tokens`` beyond calls and moves: guesses counted, transfers finished."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from app.core.clock import Clock
from app.core.mongo import Database, Document, IndexModel, due, ensure_indexes
from app.queues.documents import token_of
from app.queues.models import Token

_DATE = {"$type": "date"}


class ServingTokens:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._tokens = database["tokens"]
        self._clock = clock

    async def prepare(self) -> None:
        owed = IndexModel(
            "transfer_due", name="transfer_due", partialFilterExpression={"transfer_due": _DATE}
        )
        await ensure_indexes(self._tokens, [owed])

    async def count_try(self, token: Token, most: int, valid: timedelta) -> bool:
        """Counts one try of the code ``token`` shows, in one conditional update: False when none was left,
        another code took its place, or its time is over. A guess is no change of state, so the version
        stays as it is."""
        assert token.code is not None
        begun = {"$max": ["$called_at", "$code.granted_at"]}
        result = await self._tokens.update_one(
            {
                "_id": token.id,
                "service_id": token.service_id,
                "status": "called",
                "code.n": token.code.grant.n,
                "code.tries": {"$lt": most},
                "$expr": {"$gt": [begun, _before(valid)]},
            },
            {"$inc": {"code.tries": 1}},
        )
        return result.modified_count > 0

    async def transferred(self, token: Token) -> None:
        """The new token is there: nothing is owed any more."""
        where = {"_id": token.id, "service_id": token.service_id}
        await self._tokens.update_one(where, {"$unset": {"transfer_due": ""}})

    async def owed_transfers(self, again_in: timedelta, limit: int) -> AsyncIterator[Token]:
        """Tokens that ended for another line and may not have arrived there, each put off for a while."""
        for _ in range(limit):
            found = await self._tokens.find_one_and_update(
                due("transfer_due"),
                {"$set": {"transfer_due": self._clock.now() + again_in}},
                return_document=True,
            )
            if found is None:
                return
            yield token_of(found)


def since(*fields: str, wait: timedelta) -> Document:
    """A filter: ``wait`` has passed on the server's clock since the latest of these times."""
    latest = {"$max": [f"${field}" for field in fields]}
    return {fields[0]: _DATE, "$expr": {"$lte": [latest, _before(wait)]}}


def _before(wait: timedelta) -> Document:
    return {"$subtract": ["$$NOW", int(wait.total_seconds() * 1000)]}
