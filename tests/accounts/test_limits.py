"""Guessing is counted; being guessed at locks nobody out; without Redis nobody signs in."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from app.accounts.service import AccountLimits
from app.accounts.service.shares import Shares
from app.core.errors import Overloaded, RateLimited
from app.core.ids import new_id
from app.core.mongo import Database
from app.core.ratelimit import RateLimiter
from app.core.redis import Client, RedisAway, connect
from app.core.security import KeyRing, hash_email
from tests.accounts.house import KEYS, House, random_address

RING = KeyRing(KEYS)


async def test_a_window_counts_refuses_and_starts_anew(redis: Client) -> None:
    limiter = RateLimiter(redis)
    name = new_id("test")
    assert [(await limiter.hit(name, 3, 600)).remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(RateLimited) as refused:
        await limiter.hit(name, 3, 600)
    assert 0 < (refused.value.retry_after or 0) <= 600
    assert refused.value.headers["RateLimit-Remaining"] == "0"
    assert 0 < await redis.pttl(f"limit:{name}") <= 600_000
    await redis.pexpire(f"limit:{name}", 0)
    assert (await limiter.hit(name, 3, 600)).remaining == 2


async def test_fifty_at_once_get_exactly_the_limit(redis: Client) -> None:
    limiter = RateLimiter(redis)
    name = new_id("test")
    results = await asyncio.gather(*(limiter.hit(name, 10, 60) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(result, RateLimited) for result in results) == 40


async def test_guessing_stops_and_the_owner_still_gets_in_from_elsewhere(house: House) -> None:
    owner = await house.customer()
    guesser = owner.elsewhere()
    answers = [await guesser.sign_in(f"wrong guess {n}") for n in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["ratelimit-limit"] == "10"
    assert (await guesser.sign_in()).status_code == 429
    assert (await owner.sign_in()).status_code == 200


async def test_guesses_in_parallel_are_not_cheaper(house: House) -> None:
    guesser = (await house.customer()).elsewhere()
    answers = await asyncio.gather(*(guesser.sign_in(f"wrong guess {n}") for n in range(60)))
    assert sum(answer.status_code == 401 for answer in answers) == 10


async def test_the_owner_may_sign_in_as_often_as_it_pleases(house: House) -> None:
    owner = await house.customer()
    assert {(await owner.sign_in()).status_code for _ in range(12)} == {200}
    together = await asyncio.gather(*(owner.at(house).sign_in() for _ in range(50)))
    assert {answer.status_code for answer in together} == {200}


async def test_an_account_under_attack_from_everywhere_is_slow_but_open(
    database: Database, redis: Client
) -> None:
    limits = AccountLimits(RateLimiter(redis), RING, per_minute=1)
    email = f"{new_id('usr')}@example.com"
    for _ in range(10):
        await limits.sign_in(email, random_address())
    started = asyncio.get_running_loop().time()
    await limits.sign_in(email, random_address())
    assert asyncio.get_running_loop().time() - started >= 1


async def test_one_address_may_not_try_every_account(redis: Client) -> None:
    limits = AccountLimits(RateLimiter(redis), RING, per_minute=10, address_per_minute=5)
    address = random_address()
    for n in range(5):
        await limits.sign_in(f"{n}@example.com", address)
    with pytest.raises(RateLimited):
        await limits.sign_in("6@example.com", address)


async def test_sign_ups_tell_one_address_of_few_accounts(house: House) -> None:
    """Past the limit what is free looks as what is taken; others sign up as before."""
    known = await house.customer()
    lister = house.person(email=known.email)
    answers = [(await lister.sign_up()).status_code for _ in range(22)]
    assert answers == [409] * 20 + [429] * 2
    free = await house.person(address=lister.address).sign_up()
    assert free.status_code == 429
    assert 60 < int(free.headers["retry-after"]) <= 3600
    assert (await house.person().sign_up()).status_code == 201


async def test_accounts_asked_for_at_once_are_not_cheaper(house: House) -> None:
    known = await house.customer()
    lister = house.person(email=known.email)
    answers = await asyncio.gather(*(lister.sign_up() for _ in range(60)))
    assert sum(answer.status_code == 409 for answer in answers) == 20


async def test_the_current_password_cannot_be_guessed_with_a_stolen_token(house: House) -> None:
    person = await house.customer()
    body = {"current_password": "wrong guess", "new_password": "another long walk"}
    answers = [await person.do("POST", "/api/v1/me/password", body) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]


async def test_without_redis_signing_in_is_closed_and_refreshing_open(house: House) -> None:
    person = await house.customer()
    nowhere = connect("redis://127.0.0.1:1/0", timeout_ms=200)
    cut_off = House(house.database, nowhere, clock=house.clock)
    for answer in (
        await person.at(cut_off).sign_in(),
        await cut_off.person().sign_up(),
    ):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
    assert (await person.at(cut_off).ask("/signed-in")).status_code == 200
    assert (await person.at(cut_off).refresh()).status_code == 200
    with pytest.raises(RedisAway):
        await RateLimiter(nowhere).hit("x", 1, 1)


async def test_names_of_people_are_not_in_redis(house: House, redis: Client) -> None:
    person = await house.customer()
    await person.sign_in("wrong guess")
    keys = " ".join(await redis.keys("limit:*"))
    assert keys
    assert person.email not in keys
    assert person.address not in keys
    assert hash_email(person.email) not in keys, "whoever reads it could try addresses against it"
    assert hashlib.sha256(person.address.encode()).hexdigest()[:32] not in keys


async def test_one_address_holds_up_nobody_elsewhere_with_hashing() -> None:
    shares, inside = Shares(2, 3), 0

    async def hold(gate: asyncio.Event) -> None:
        nonlocal inside
        async with shares.of("203.0.113.7"):
            inside += 1
            await gate.wait()

    for _ in range(2):  # Once it is empty, all is as before.
        gate, inside = asyncio.Event(), 0
        crowd = [asyncio.create_task(hold(gate)) for _ in range(9)]
        await asyncio.sleep(0.01)
        assert inside == 2
        async with asyncio.timeout(60), shares.of("198.51.100.1"):
            pass
        gate.set()
        ended = await asyncio.gather(*crowd, return_exceptions=True)
        assert [type(end) for end in ended] == [type(None)] * 5 + [Overloaded] * 4
