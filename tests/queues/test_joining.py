"""Joining: by invite, by hand, from afar; the same contact, the same key, the limits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from app.accounts.models import Scope
from tests.queues.corner import NOBODY
from tests.queues.house import House, Json, open_house, problem

PHONE = "+43 660 1234567"


async def test_an_invite_is_claimed_for_a_number(house: House) -> None:
    line = await house.line(remote_join=False)
    token = await house.claim(line, name="Ann", phone=PHONE, alias="The tall one")
    assert (token["number"], token["status"], token["ahead"]) == (1, "waiting", 0)
    assert len(token["alias"].split("-")) == 2
    assert token["own_alias"] == "The tall one"
    assert token["url"] == f"http://lines.test/{line['slug']}/1#{token['id']}.{token['secret']}"
    assert token["wait"]["median_minutes"] <= token["wait"]["p90_minutes"]
    document = await house.document(token)
    assert document["contact"] == {"name": "Ann", "phone": "+436601234567"}
    assert document["forecast"]["ahead"] == 0
    assert token["secret"] not in str(document)
    [message] = document["outbox"]
    assert message["type"] == "token.joined"
    assert message["data"] == {
        "token_id": token["id"],
        "service_id": line["id"],
        "number": 1,
        "status": "waiting",
        "cause": "claimed",
        "invite": 1,
    }


async def test_two_claims_of_one_invite_make_one_token(house: House) -> None:
    line = await house.line()
    invite = (await house.invite(line))["invite"]
    answers = await asyncio.gather(*(house.try_claim(line, invite) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 410]
    assert {problem(answer) for answer in answers if answer.status_code == 410} == {(410, "invite_used")}
    assert len(await house.documents(line)) == 1


async def test_without_the_index_two_claims_make_two_tokens(mongo_url: str, redis_url: str) -> None:
    """The positive control of the test above."""
    async with open_house(mongo_url, redis_url) as other:
        await other.database["tokens"].drop_index("invite")
        line = await other.line()
        invite = (await other.invite(line))["invite"]
        for _ in range(2):
            assert (await other.try_claim(line, invite)).status_code == 201


async def test_staff_enter_people_by_hand_who_go_first_if_they_say_so(house: House) -> None:
    line = await house.line(remote_join=False, opening_hours=closed_all_week())
    first = await house.enter(line, name="Ann")
    second = await house.enter(line, priority=1)
    assert (first["number"], second["number"]) == (1, 2)
    assert (await house.public(line))["next"] == [2, 1]
    assert first["secret"]
    types = [message["type"] for message in (await house.document(first))["outbox"]]
    assert types == ["token.joined", "token.entered"]


async def test_from_afar_only_where_the_line_allows_it(house: House) -> None:
    line = await house.line(remote_join=False)
    elsewhere = await house.person("staff", Scope(services=frozenset({"svc_other"})))
    for token in (None, await house.person(), elsewhere):
        assert problem(await house.try_join(line, token=token)) == (409, "remote_join_refused")
    line = await house.change(line, remote_join=True)
    assert (await house.join(line))["number"] == 1


async def test_only_staff_say_who_goes_first(house: House) -> None:
    line = await house.line()
    assert problem(await house.try_join(line, priority=0)) == (422, "invalid")


async def test_a_closed_line_takes_nobody_and_a_paused_one_does(house: House) -> None:
    line = await house.line()
    await turn(house, line, "pause")
    await house.join(line)
    await turn(house, line, "close")
    for token in (None, house.staff):
        assert problem(await house.try_join(line, token=token)) == (409, "line_closed")
    invite = (await house.invite(line))["invite"]
    assert problem(await house.try_claim(line, invite)) == (409, "line_closed")


async def test_customers_come_in_opening_hours(house: House) -> None:
    line = await house.line(opening_hours=closed_all_week())
    assert problem(await house.try_join(line)) == (409, "line_closed")
    await house.change(
        line, opening_hours=[{"day": d, "opens": "00:00", "closes": "00:00"} for d in range(7)]
    )
    await house.join(line)


async def test_a_full_line_takes_nobody_until_somebody_leaves(house: House) -> None:
    line = await house.line(capacity=2)
    first, _ = await house.join(line), await house.enter(line)
    for token in (None, house.staff):
        assert problem(await house.try_join(line, token=token)) == (409, "line_full")
    assert (await house.move(first, "cancel")).status_code == 200
    await house.join(line)
    await house.change(line, capacity=1)
    assert problem(await house.try_join(line)) == (409, "line_full")


async def test_a_rush_through_two_processes_ends_at_the_capacity(
    house: House, mongo_url: str, redis_url: str
) -> None:
    line = await house.line(capacity=5)
    async with open_house(mongo_url, redis_url, database=house.database.name) as other:
        joins = [one.try_join(line) for one in (house, other) for _ in range(8)]
        answers = await asyncio.gather(*joins)
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 11


async def test_without_the_index_two_processes_go_past_the_capacity(mongo_url: str, redis_url: str) -> None:
    """The positive control: both have looked before either let anybody in."""
    async with open_house(mongo_url, redis_url) as one:
        line = await one.line(capacity=1)
        async with open_house(mongo_url, redis_url, database=one.database.name) as two:
            await one.database["tokens"].drop_index("place")
            for house in (one, two):
                house.lines.joining._places._memo._seconds = 3600
                await house.lines.joining._places._memo.get(line["id"])
            for house in (one, two):
                assert (await house.try_join(line)).status_code == 201


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"phone": PHONE}, {"phone": "+436601234567", "name": "Other"}),
        ({"email": "Ann@Example.com"}, {"email": "ann@example.com"}),
        ({"email": "ann@example.com", "phone": PHONE}, {"email": "ann@example.com"}),
        ({"email": "ann@example.com", "phone": PHONE}, {"phone": PHONE}),
    ],
)
async def test_the_same_contact_has_one_place_and_its_secret_goes_there(
    house: House, first: Json, second: Json
) -> None:
    line = await house.line()
    token = await house.join(line, **first)
    again = await house.join(line, **second)
    assert (again["id"], again["number"], again["already_in_line"]) == (token["id"], 1, True)
    told = {name for name, value in again.items() if value not in (None, False)}
    assert not told & {"secret", "alias", "own_alias", "url", "text", "called_at"}
    document = await house.document(token)
    assert [message["type"] for message in document["outbox"]] == ["token.joined", "token.joined_again"]
    assert document["version"] == 1
    assert (await house.join(line))["number"] == 2


async def test_a_stranger_who_tries_often_sets_off_one_message_a_minute(house: House) -> None:
    line = await house.line()
    token = await house.join(line, phone=PHONE)
    await asyncio.gather(*(house.join(line, phone=PHONE) for _ in range(5)))
    types = [message["type"] for message in (await house.document(token))["outbox"]]
    assert types == ["token.joined", "token.joined_again"]


async def test_the_same_contact_in_parallel_gets_one_place(house: House) -> None:
    line = await house.line()
    tokens = await asyncio.gather(*(house.join(line, phone=PHONE) for _ in range(5)))
    assert len({token["id"] for token in tokens}) == 1
    assert len(await house.documents(line)) == 1
    assert sum(token["secret"] is not None for token in tokens) == 1


async def test_without_the_index_the_same_contact_gets_two(mongo_url: str, redis_url: str) -> None:
    """The positive control of the test above."""
    async with open_house(mongo_url, redis_url) as other:
        await other.database["tokens"].drop_index("contact_key")
        line = await other.line()
        assert [(await other.join(line, phone=PHONE))["number"] for _ in range(2)] == [1, 2]


async def test_an_account_has_one_place_and_is_told_its_secret_again(house: House) -> None:
    line, customer = await house.line(), await house.person()
    token = await house.join(line, token=customer)
    again = await house.join(line, token=customer)
    assert (again["id"], again["secret"]) == (token["id"], token["secret"])
    assert (await house.show(token, customer))["alias"] == token["alias"]


async def test_who_has_left_may_join_again(house: House) -> None:
    line = await house.line()
    token = await house.join(line, phone=PHONE)
    await house.move(token, "cancel")
    assert (await house.join(line, phone=PHONE))["number"] == 2


async def test_a_used_invite_and_a_known_contact_are_the_known_place(house: House) -> None:
    """Whoever did not hear the answer sends the form again."""
    line = await house.line()
    invite = (await house.invite(line))["invite"]
    first = await house.try_claim(line, invite, phone=PHONE)
    again = await house.try_claim(line, invite, phone=PHONE)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["secret"] is None


async def test_a_repeated_key_is_the_same_token_as_it_is_now(house: House) -> None:
    line = await house.line()
    invite = (await house.invite(line))["invite"]
    first = await house.try_claim(line, invite, phone=PHONE, key="k")
    await house.move(first.json(), "away")
    again = await house.try_claim(line, invite, phone=PHONE, key="k")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json()["secret"], again.json()["status"]) == (first.json()["secret"], "away")
    await turn(house, line, "close")
    assert (await house.try_claim(line, invite, phone=PHONE, key="k")).status_code == 201


async def test_a_key_in_parallel_makes_one_token(house: House) -> None:
    line = await house.line()
    for more in ({}, {"token": await house.person()}, {"token": house.staff}):
        answers = await asyncio.gather(*(house.try_join(line, key="k", **more) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert len({answer.json()["secret"] for answer in answers}) == 1


async def test_a_key_with_another_body_is_refused(house: House) -> None:
    line = await house.line()
    await house.join(line, token=house.staff, key="k", name="Ann")
    answer = await house.try_join(line, token=house.staff, key="k", name="Bob")
    assert problem(answer) == (422, "key_reused")


async def test_a_key_is_good_for_one_line_and_one_person(house: House) -> None:
    one, two = await house.line(), await house.line()
    tokens = [await house.join(line, token=house.staff, key="k") for line in (one, two)]
    other = await house.join(one, token=await house.person(), key="k")
    assert len({token["id"] for token in (*tokens, other)}) == 3


async def test_joins_of_one_address_are_limited_but_not_by_hand(mongo_url: str, redis_url: str) -> None:
    async with open_house(mongo_url, redis_url, queues={"joins_per_minute": 3}) as other:
        line = await other.line()
        for _ in range(3):
            await other.join(line)
        answer = await other.try_join(line)
        assert problem(answer) == (429, "rate_limited")
        assert answer.headers["RateLimit-Limit"] == "3"
        assert int(answer.headers["Retry-After"]) > 0
        assert (await other.enter(line))["number"] == 4
        assert (await other.join(await other.line()))["number"] == 1


async def test_absent_lines_are_absent(house: House) -> None:
    for path in ("/services/svc_01ARZ3NDEKTSV4RRFFQ69G5FAV", "/services/nobody-home"):
        assert problem(await house.call("GET", path)) == (404, "not_found")
        assert problem(await house.call("POST", f"{path}/tokens", {})) == (404, "not_found")
        answer = await house.call("POST", f"{path}/claim", {"invite": "us_x.1"})
        assert problem(answer) == (404, "not_found")


async def test_a_line_is_joined_by_its_slug_as_well(house: House) -> None:
    line = await house.line()
    answer = await house.call("POST", f"/services/{line['slug']}/tokens", {})
    assert answer.json()["number"] == 1


def closed_all_week() -> list[Json]:
    """One minute of the week, three days ago or four days ahead."""
    day = (datetime.now(UTC).weekday() - 3) % 7
    return [{"day": day, "opens": "12:00", "closes": "12:01"}]


async def turn(house: House, line: Json, verb: str) -> Any:
    answer = await house.call("POST", f"/services/{line['id']}/{verb}", token=house.staff)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_without_redis_people_join_all_the_same(mongo_url: str) -> None:
    """Numbers come from the database; nobody's joins are counted."""
    async with open_house(mongo_url, NOBODY, queues={"joins_per_minute": 2}) as alone:
        line = await alone.line()
        tokens = await asyncio.gather(*(alone.join(line) for _ in range(5)))
        assert sorted(token["number"] for token in tokens) == [1, 2, 3, 4, 5]
        assert (await alone.claim(line))["number"] == 6
