"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from app.accounts.common_passwords import common_passwords
from app.accounts.errors import WeakPassword
from app.accounts.passwords import refuse_weak
from app.accounts.service import Passwords
from app.core.errors import Overloaded
from tests.accounts.house import House


async def test_common_ones_are_refused(house: House) -> None:
    for password in ["password", "PassWord123", "qwertyuiop", "1q2w3e4r", "aaaaaaaaaaaa", "ababab" * 3]:
        response = await house.person().sign_up(password)
        assert (response.status_code, response.json()["code"]) == (422, "weak_password")
        assert response.json()["errors"][0]["loc"] == ["body", "password"]
        assert "input" not in response.json()["errors"][0]


def test_ten_thousand_that_are_long_enough_are_known() -> None:
    """From the list, in whatever capitals and widths, and what is merely long is not refused."""
    known = common_passwords()
    assert len(known) > 10_000
    for password in ("sunshine", "michelle1", "qwertyuiop", "ＰＡＳＳＷＯＲＤ", "usher1234", "Summer2026"):
        with pytest.raises(WeakPassword):
            refuse_weak(password, "ann@example.com")
    for password in sorted(known)[::500]:
        with pytest.raises(WeakPassword):
            refuse_weak(password.upper(), "ann@example.com")
        refuse_weak(f"{password} and a word", "ann@example.com")


async def test_the_email_is_no_password(house: House) -> None:
    person = house.person()
    assert (await person.sign_up(person.email)).json()["code"] == "weak_password"


@pytest.mark.parametrize(("length", "status"), [(7, 422), (8, 201), (128, 201), (129, 422)])
async def test_length(house: House, length: int, status: int) -> None:
    password = ("correct horse " * 10)[:length]
    assert (await house.person().sign_up(password)).status_code == status


async def test_spaces_at_the_ends_and_other_scripts_count(house: House) -> None:
    person = house.person()
    await person.sign_up("  пароль №5  ")
    assert (await person.sign_in("пароль №5")).status_code == 401
    assert (await person.sign_in("  пароль №5  ")).status_code == 200


async def test_two_keyboards_write_the_same_password(house: House) -> None:
    person = house.person()
    await person.sign_up("cafe\u0301 au lait")
    assert (await person.sign_in("caf\u00e9 au lait")).status_code == 200


async def test_kept_as_argon2id_and_rehashed_when_the_parameters_grow(house: House) -> None:
    person = await house.customer()
    before = await house.users.get(person.id)
    assert before is not None
    assert str(before.password).startswith("$argon2id$v=19$m=8,t=1,p=1$")
    grown = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1)
    upgraded = House(house.database, house.redis, clock=house.clock, hasher=grown)
    await person.at(upgraded).sign_in()
    after = await house.users.get(person.id)
    assert after is not None
    assert str(after.password).startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert after.version == before.version
    assert (await person.at(upgraded).sign_in()).status_code == 200
    upgraded.stop()


class Slow(Argon2Hasher):
    """Counts how many work at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.gate = threading.Event()
        self.gate.set()
        self.lock = threading.Lock()
        self.now = self.most = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.gate.wait(30)
        with self.lock:
            self.now -= 1
        return super().hash(password, salt=salt)


async def test_hashes_run_off_the_loop_no_more_than_allowed_at_once() -> None:
    slow = Slow()
    passwords = Passwords(at_once=2, waiting=100, hasher=slow)
    slow.gate.clear()
    hashing = [asyncio.create_task(passwords.hash("x")) for _ in range(20)]
    async with asyncio.timeout(60):
        while slow.now < 2:  # noqa: ASYNC110 — the loop goes round meanwhile, and only it opens the gate.
            await asyncio.sleep(0.005)
    slow.gate.set()
    await asyncio.gather(*hashing)
    assert slow.most == 2
    passwords.stop()


async def test_a_full_queue_is_refused_at_once_and_empties_again() -> None:
    passwords = Passwords(at_once=1, waiting=1, hasher=Slow())
    results = await asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Overloaded) for result in results) == 3
    assert await passwords.hash("x")
    passwords.stop()


class Weighing(Argon2Hasher):
    """Keeps what each verification costs: rounds, memory and lanes stand in the hash it is made against."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=64, parallelism=1)
        self.costs: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.costs.append(str(hash).rpartition("p=")[0])
        return super().verify(password, hash)


async def test_an_unknown_account_takes_as_long() -> None:
    """The work is compared, and not how long a busy machine took for it."""
    weighing = Weighing()
    passwords = Passwords(hasher=weighing)
    known = await passwords.hash("right")
    for kept in (known, None):
        assert not (await passwords.verify("wrong", kept)).right
    assert weighing.costs == ["$argon2id$v=19$m=64,t=2,"] * 2
    passwords.stop()


async def test_the_parameters_that_people_get_are_those_of_owasp() -> None:
    passwords = Passwords()
    assert (await passwords.hash("x")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords.stop()
