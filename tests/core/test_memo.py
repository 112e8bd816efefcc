"""Values kept in memory: built once, as old as promised, never older than one's own write."""

from __future__ import annotations

import asyncio

import pytest

from app.core.memo import Memo


class Source:
    """Answers with what it held when the reading began, and counts."""

    def __init__(self) -> None:
        self.value = 1
        self.read = 0
        self.open = asyncio.Event()
        self.open.set()
        self.now = 0.0

    async def __call__(self, key: str) -> int:
        self.read += 1
        value = self.value
        await self.open.wait()
        if value < 0:
            raise LookupError(key)
        return value

    def memo(self, max_weight: int = 10, spacing: float = 0.0) -> Memo[int]:
        return Memo(self, seconds=1, max_weight=max_weight, spacing=spacing, monotonic=lambda: self.now)


@pytest.fixture
def source() -> Source:
    return Source()


async def test_keeps_for_its_time(source: Source) -> None:
    memo = source.memo()
    assert await memo.get("a") == 1
    source.value = 2
    source.now = 0.9
    assert await memo.get("a") == 1
    source.now = 1.0
    assert await memo.get("a") == 2


async def test_many_readers_make_one_reading(source: Source) -> None:
    memo = source.memo()
    assert await asyncio.gather(*(memo.get("a") for _ in range(50))) == [1] * 50
    assert source.read == 1


async def test_a_reader_after_a_write_never_joins_an_older_reading(source: Source) -> None:
    memo = source.memo()
    source.open.clear()
    early = asyncio.create_task(memo.get("a"))
    await asyncio.sleep(0.01)
    source.value = 2
    memo.forget("a")
    late = asyncio.create_task(memo.get("a"))
    await asyncio.sleep(0.01)
    source.open.set()
    assert await early == 1
    assert await late == 2
    assert memo.peek("a") == 2


async def test_spacing_bounds_readings_and_keeps_them_true() -> None:
    source = Source()
    memo = Memo(source, seconds=10, max_weight=10, spacing=0.05)
    for value in range(2, 22):
        source.value = value
        memo.forget("a")
        assert await memo.get("a") >= value - 1
        readers = []
        for _ in range(3):
            source.value += 1
            memo.forget("a")
            readers.append(asyncio.create_task(memo.get("a")))
        assert await asyncio.gather(*readers) == [source.value] * 3
        if value == 4:
            break
    assert source.read <= 6


async def test_failures_are_told_and_not_kept(source: Source) -> None:
    memo = source.memo()
    source.value = -1
    results = await asyncio.gather(*(memo.get("a") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    source.value = 3
    assert await memo.get("a") == 3


async def test_one_who_hangs_up_leaves_the_others_their_answer(source: Source) -> None:
    memo = source.memo()
    source.open.clear()
    first, second = asyncio.create_task(memo.get("a")), asyncio.create_task(memo.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    source.open.set()
    assert await second == 1


async def test_the_least_used_leave_when_it_is_full(source: Source) -> None:
    memo = source.memo(max_weight=2)
    await memo.get("a")
    await memo.get("b")
    memo.peek("a")
    await memo.get("c")
    assert [memo.peek(key) for key in "abc"] == [1, None, 1]
