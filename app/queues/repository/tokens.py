"""The collection ``tokens``. State moves by compare-and-set only; indexes decide who has what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.core.clock import Clock
from app.core.errors import IllegalTransition
from app.core.messages import Message, outbox, unversioned
from app.core.mongo import (
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    duplicate_of,
    ensure_indexes,
)
from app.queues.documents import token_document, token_of
from app.queues.messages import told_again
from app.queues.models import LIVE, LIVE_FIELDS, Status, Token, may_move


def _unique(field: str, least: int | str) -> IndexModel:
    return IndexModel(
        [("service_id", 1), (field, 1)],
        name=field,
        unique=True,
        partialFilterExpression={field: {"$gt": least}},
    )


INDEXES = [
    IndexModel([("service_id", 1), ("day", 1), ("number", 1)], name="number", unique=True),
    _unique("live_number", 0),
    _unique("alias_key", ""),
    _unique("contact_key", ""),
    _unique("place", -1),
    _unique("invite", 0),
    IndexModel(
        [("service_id", 1), ("idem.caller", 1), ("idem.key", 1)],
        name="idem",
        unique=True,
        partialFilterExpression={"idem.key": {"$gt": ""}},
    ),
    IndexModel(
        [("service_id", 1), ("status", 1), ("priority", 1), ("joined_at", 1), ("number", 1)], name="order"
    ),
    IndexModel([("service_id", 1), ("status", 1), ("ended_at", 1), ("started_at", 1)], name="ended"),
    IndexModel([("user_id", 1), ("_id", 1)], name="user", partialFilterExpression={"user_id": {"$gt": ""}}),
]


@dataclass(frozen=True, slots=True)
class Inserted:
    pass


@dataclass(frozen=True, slots=True)
class NumberUsed:
    """Somebody got it today, or still has it from a day before."""


@dataclass(frozen=True, slots=True)
class AliasUsed:
    pass


@dataclass(frozen=True, slots=True)
class ContactInLine:
    """Another live token is of the same contact."""


@dataclass(frozen=True, slots=True)
class InviteClaimed:
    pass


@dataclass(frozen=True, slots=True)
class PlaceTaken:
    """Another live token has this place of the line's capacity."""

    place: int


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """An earlier request with this idempotency key made a token, maybe this very one."""


Outcome = Inserted | NumberUsed | AliasUsed | ContactInLine | InviteClaimed | PlaceTaken | KeyUsed


class Tokens:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._tokens: Collection = database["tokens"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(self._tokens, INDEXES)

    async def insert(self, token: Token, live: Document, messages: Sequence[Message]) -> Outcome:
        """The decision of a join: number, alias, contact, invite and place are the token's, or nobody's.

        ``live`` are its fields in the unique indexes (``live.LiveFields``).
        """
        document = token_document(token) | live
        document["outbox"] = outbox(messages, version=token.version, at=token.created_at)
        try:
            await self._tokens.insert_one(document)
        except DuplicateKeyError as error:
            return _refused(error)
        return Inserted()

    async def find(self, id: str) -> Token | None:
        found = await self._tokens.find_one({"_id": id})
        return token_of(found) if found else None

    async def many(self, ids: Sequence[str]) -> list[Token]:
        found = self._tokens.find({"_id": {"$in": list(ids)}})
        return [token_of(document) async for document in found]

    async def by_key(self, service_id: str, caller: str, key: str) -> Token | None:
        found = await self._tokens.find_one(
            {"service_id": service_id, "idem.caller": caller, "idem.key": key}, hint="idem"
        )
        return token_of(found) if found else None

    async def forget_key(self, token: Token) -> None:
        """An idempotency key past its time makes room for a new request."""
        await self._tokens.update_one(
            {"_id": token.id, "service_id": token.service_id}, {"$unset": {"idem": ""}}
        )

    async def by_contact(self, service_id: str, keys: Sequence[str]) -> Token | None:
        """The live token of somebody reached there."""
        found = await self._tokens.find_one({"service_id": service_id, "contact_key": {"$in": list(keys)}})
        return token_of(found) if found else None

    async def is_claimed(self, service_id: str, invite: int) -> bool:
        where = {"service_id": service_id, "invite": invite}
        return await self._tokens.find_one(where, {"_id": 1}) is not None

    async def tell_again(self, token: Token, gap: timedelta) -> None:
        """At most once every ``gap``, and without a new version: a stranger who types somebody's address
        must not make the staff's next action stale."""
        now = self._clock.now()
        await self._tokens.update_one(
            {
                "_id": token.id,
                "service_id": token.service_id,
                "$or": [{"told_again_at": None}, {"told_again_at": {"$lte": now - gap}}],
            },
            {
                "$set": {"told_again_at": now},
                "$push": {"outbox": {"$each": unversioned([told_again(token)], at=now)}},
            },
        )

    async def move(
        self,
        token: Token,
        to: Status,
        *,
        cause: str,
        by: str,
        key: str | None = None,
        fields: Document | None = None,
        unset: Sequence[str] = (),
        expect: Document | None = None,
        messages: Sequence[Message] = (),
    ) -> Token | None:
        """One decision: the new state, its history entry and its messages in one conditional update.

        Whoever ends leaves the unique indexes; ``fields`` puts back who returns. None when the token is
        no longer at this version, or ``expect`` does not hold. Raises DuplicateKeyError and
        IllegalTransition.
        """
        if to != token.status and not may_move(token, to):
            raise IllegalTransition(state=token.status)
        now = self._clock.now()
        entry: Document = {"at": now, "from": token.status, "to": to, "cause": cause, "by": by}
        if key:
            entry["key"] = key
        ends = to not in LIVE and token.live
        change: Document = {
            "$set": {"status": to, **({"ended_at": now} if ends else {}), **(fields or {})},
            "$inc": {"version": 1},
            "$push": {
                "history": entry,
                "outbox": {"$each": outbox(messages, version=token.version + 1, at=now)},
            },
        }
        if gone := [*unset, *(LIVE_FIELDS if ends else ())]:
            change["$unset"] = dict.fromkeys(gone, "")
        found = await self._tokens.find_one_and_update(
            {
                "_id": token.id,
                "service_id": token.service_id,
                "status": token.status,
                "version": token.version,
                **(expect or {}),
            },
            change,
            return_document=True,
        )
        return token_of(found) if found else None

    async def last_number(self, service_id: str, day: str) -> int:
        """The highest given that day; 0 for none."""
        found = await self._tokens.find_one(
            {"service_id": service_id, "day": day}, {"number": 1}, sort=[("number", -1)], hint="number"
        )
        return int(found["number"]) if found else 0

    async def live_numbers(self, service_id: str, above: int) -> set[int]:
        """Those that somebody in line has, whichever day it is from."""
        found = self._tokens.find(
            {"service_id": service_id, "live_number": {"$gt": above}}, {"_id": 0, "live_number": 1}
        )
        return {document["live_number"] async for document in found}

    async def places(self, service_id: str) -> tuple[int, set[int]]:
        """How many are live, and which places of the capacity they have."""
        found = self._tokens.find(
            {"service_id": service_id, "live_number": {"$gt": 0}}, {"place": 1}, hint="live_number"
        )
        live = [document.get("place") async for document in found]
        return len(live), {place for place in live if place is not None}


def _refused(error: DuplicateKeyError) -> Outcome:
    fields, values = duplicate_of(error)
    if fields == {"_id"}:
        return Inserted()  # Ids are made for one token only, so this is our own earlier success.
    if "number" in fields or "live_number" in fields:
        return NumberUsed()
    if "alias_key" in fields:
        return AliasUsed()
    if "contact_key" in fields:
        return ContactInLine()
    if "invite" in fields:
        return InviteClaimed()
    if "place" in fields:
        return PlaceTaken(int(values.get("place", 0)))
    return KeyUsed()
