"""A million guesses: how many are ever compared with the secret."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from app.accounts.service.passwords import Passwords, Verdict
from app.core import ratelimit
from app.core.codes import TRIES, TriesSpent, tried
from app.core.mongo import Database
from app.core.redis import Client, Script, connect
from app.core.security import Grant, KeyRing
from tests.accounts.house import KEYS, House, Person

MILLION = 1_000_000
ID = "tok_01ARZ3NDEKTSV4RRFFQ69G5FAV"
Take = Callable[[], Awaitable[bool]]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url, timeout_ms=60_000)
    yield client
    await client.aclose()


class Code:
    """A six-digit code that counts how often it is looked at."""

    def __init__(self) -> None:
        self._code = KeyRing(KEYS).code6("token", ID, Grant(2))
        self.looks = 0

    def matches(self, guess: str) -> bool:
        self.looks += 1
        return guess == self._code

    def guesses(self, n: int) -> Iterator[str]:
        """Wrong ones only."""
        every = (f"{number:06d}" for number in itertools.cycle(range(MILLION)))
        return itertools.islice((guess for guess in every if guess != self._code), n)


async def attack(code: Code, take: Take, n: int, *, at_once: int) -> Counter[str]:
    guesses, found = code.guesses(n), Counter[str]()

    async def one() -> None:
        for guess in guesses:
            try:
                right = await tried(take, lambda guess=guess: code.matches(guess))  # type: ignore[misc]
            except TriesSpent:
                found["refused"] += 1
            else:
                found["right" if right else "wrong"] += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    return found


def counted_in(database: Database) -> Take:
    """As a domain does it: in the code's own document."""

    async def take() -> bool:
        left = {"_id": ID, "tries": {"$lt": TRIES}}
        result = await database["tokens"].update_one(left, {"$inc": {"tries": 1}})
        return result.modified_count == 1

    return take


async def test_a_million_guesses_of_a_code_are_five_looks() -> None:
    tries = itertools.count(1)

    async def take() -> bool:
        return next(tries) <= TRIES

    code = Code()
    found = await attack(code, take, MILLION, at_once=100)
    assert found == {"wrong": TRIES, "refused": MILLION - TRIES}
    assert code.looks == TRIES


async def test_so_are_many_at_once_on_a_real_document(database: Database) -> None:
    await database["tokens"].insert_one({"_id": ID, "tries": 0})
    code = Code()
    found = await attack(code, counted_in(database), 1000, at_once=64)
    assert found == {"wrong": TRIES, "refused": 1000 - TRIES}
    assert code.looks == TRIES
    with pytest.raises(TriesSpent):
        await tried(counted_in(database), lambda: True)


async def test_control_counting_by_reading_first_lets_more_through(database: Database) -> None:
    """What the conditional update is for."""
    await database["tokens"].insert_one({"_id": ID, "tries": 0})

    together, have_read = asyncio.Event(), itertools.count(1)

    async def take() -> bool:
        known = await database["tokens"].find_one({"_id": ID})
        if next(have_read) > TRIES:
            together.set()
        await together.wait()
        await database["tokens"].update_one({"_id": ID}, {"$inc": {"tries": 1}})
        return known is not None and known["tries"] < TRIES

    code = Code()
    await attack(code, take, 500, at_once=64)
    assert code.looks > TRIES


async def test_a_million_attempts_in_a_window_are_as_many_as_it_has(redis: Client) -> None:
    """The limiter's own script, called a million times where it runs."""
    loop = f"""
    local function count(KEYS, ARGV) {ratelimit._COUNT} end
    local passed = 0
    for _ = 1, tonumber(ARGV[2]) do
      if count(KEYS, ARGV)[1] <= tonumber(ARGV[3]) then passed = passed + 1 end
    end
    return passed
    """
    passed = 0
    for _ in range(10):  # In parts, so that other tests' Redis is not held up.
        passed += await Script(redis, loop)(["limit:million"], [600_000, MILLION // 10, 10])
    assert passed == 10
    await redis.delete("limit:million")


class CountingPasswords(Passwords):
    looks = 0

    async def verify(self, password: str, known: str | None) -> Verdict:
        self.looks += 1
        return await super().verify(password, known)


async def test_passwords_guessed_in_parallel_are_ten_looks_a_minute(
    database: Database, redis: Client
) -> None:
    house = House(database, redis)
    await house.prepare()
    person = await house.customer()
    counting = CountingPasswords()
    vars(house.sign_ins).update(_passwords=counting)
    guesser = Person(house, person.email, "203.0.113.7")
    answers = await asyncio.gather(*(guesser.sign_in(f"guess number {n}") for n in range(300)))
    statuses = Counter(answer.status_code for answer in answers)
    assert counting.looks <= 10
    assert statuses[401] == counting.looks
    assert statuses[429] + statuses[503] == 300 - counting.looks, "none but those that were looked at"
    assert (await person.elsewhere().sign_in()).status_code == 200, "the owner elsewhere is not locked out"
    counting.stop()
    house.stop()
