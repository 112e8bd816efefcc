"""Where somebody joined from."""

from __future__ import annotations

import hashlib

from tests.queues.house import open_house


async def test_joins_are_counted_by_subscriber_and_nobody_s_are_not(mongo_url: str, redis_url: str) -> None:
    """A proxy on this machine that was not named makes no crowd of everybody."""
    async with open_house(mongo_url, redis_url, queues={"joins_per_minute": 1}) as other:
        line = await other.line()

        async def join_from(address: str) -> tuple[int, str | None]:
            async with other.seen_from(address) as visitor:
                answer = await visitor.try_join(line)
            found = await other.database["tokens"].find_one({"_id": answer.json().get("id")})
            assert address not in str(found)
            return answer.status_code, found.get("origin") if found else None

        for nobody in ("127.0.0.1", "::1", "unknown"):
            assert [await join_from(nobody) for _ in range(2)] == [(201, None)] * 2
        (one, home), (two, _), (three, next_door) = [
            await join_from(address) for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
        ]
        assert (one, two, three) == (201, 429, 201)
        assert home
        assert next_door not in (None, home)
        plain = hashlib.sha256(b"2001:db8::/64").hexdigest()
        assert home != plain[: len(home)], "whoever reads it could try addresses against it"
