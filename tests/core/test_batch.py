"""Group commit: who goes together, and that each gets the answer that is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.core.batch import Batch
from app.core.mongo import Database, DuplicateKeyError, insert_each


class Slow:
    """Doubles numbers once it is let go; refuses odd ones."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(numbers))
        await self.go.wait()
        return [ValueError(str(n)) if n % 2 else 2 * n for n in numbers]


async def test_the_first_goes_at_once_and_the_rest_go_together() -> None:
    slow = Slow()
    batch: Batch[int, int] = Batch(slow, at_once=1)
    asked = [asyncio.create_task(batch(n)) for n in (0, 2, 4, 6)]
    await asyncio.sleep(0.01)
    assert slow.calls == [[0]]
    slow.go.set()
    assert await asyncio.gather(*asked) == [0, 4, 8, 12]
    assert slow.calls == [[0], [2, 4, 6]]


async def test_no_more_go_together_than_allowed() -> None:
    slow = Slow()
    slow.go.set()
    batch: Batch[int, int] = Batch(slow, at_once=1, most=2)
    await asyncio.gather(*(batch(n) for n in range(0, 10, 2)))
    assert [len(call) for call in slow.calls] == [1, 2, 2]


async def test_each_gets_the_error_that_is_theirs() -> None:
    slow = Slow()
    slow.go.set()
    batch: Batch[int, int] = Batch(slow, at_once=1)
    answers = await asyncio.gather(*(batch(n) for n in (2, 3, 4)), return_exceptions=True)
    assert answers[0] == 4
    assert answers[2] == 8
    assert isinstance(answers[1], ValueError)
    assert str(answers[1]) == "3"


async def test_a_failed_command_fails_all_of_its_own_and_none_of_the_next() -> None:
    calls = 0

    async def fail_once(numbers: Sequence[int]) -> list[int | Exception]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError
        return list(numbers)

    batch: Batch[int, int] = Batch(fail_once, at_once=1)
    answers = await asyncio.gather(batch(1), batch(2), return_exceptions=True)
    assert isinstance(answers[0], ConnectionError)
    assert answers[1] == 2


async def test_who_has_gone_takes_nobody_elses_answer_away() -> None:
    slow = Slow()
    batch: Batch[int, int] = Batch(slow, at_once=1)
    first, gone, last = (asyncio.create_task(batch(n)) for n in (0, 2, 4))
    await asyncio.sleep(0.01)
    gone.cancel()
    slow.go.set()
    assert (await first, await last) == (0, 8)
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_each_document_stands_or_falls_alone(database: Database) -> None:
    things = database["things"]
    await things.insert_one({"_id": 2})
    errors = await insert_each(things, [{"_id": n} for n in (1, 2, 3)])
    assert errors[0] is None
    assert errors[2] is None
    assert isinstance(errors[1], DuplicateKeyError)
    assert errors[1].details is not None
    assert errors[1].details["keyValue"] == {"_id": 2}
    assert await things.count_documents({}) == 3
