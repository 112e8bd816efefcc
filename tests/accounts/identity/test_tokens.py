"""Tokens of lines as part of what is known about a person: shown, exported, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.core.ids import new_id
from app.core.security import Grant
from app.queues.live import LiveFields
from app.queues.models import Contact, Notify, Service, Token
from app.queues.repository.personal import Person, PersonalTokens
from app.queues.repository.services import Change, Services
from app.queues.repository.tokens import Inserted, Tokens
from app.queues.service.personal import ContactRetention
from tests.accounts.identity.sale import booked, everything, published
from tests.accounts.identity.test_guest_orders import verified
from tests.accounts.identity.test_personal import erase, get, somebody
from tests.e2e.conftest import House


async def a_line(house: House) -> Service:
    now = house.services.engines.clock.now()
    service = Service(
        id=new_id("svc"),
        slug=new_id("svc").lower().replace("_", "-"),
        name="Passports",
        description="",
        timezone="Europe/Vienna",
        average_minutes=5,
        verify="none",
        remote_join=True,
        state="open",
        version=1,
        created_at=now,
    )
    assert await Services(house.services.engines.mongo.database).insert(
        service, Change("created", "x", now), []
    )
    return service


async def joined(house: House, service: Service, number: int, **more: Any) -> Token:
    engines = house.services.engines
    now, token_id = engines.clock.now(), new_id("tok")
    by = more.get("user_id") or "anonymous"
    token = Token(
        id=token_id,
        service_id=service.id,
        day="2031-05-01",
        number=number,
        status="waiting",
        joined_at=now,
        alias=f"brave-otter-{number}",
        secret_id=token_id,
        grant=Grant(1),
        version=1,
        created_at=now,
        notify=Notify(10, changes=True),
        history=({"at": now, "from": None, "to": "waiting", "cause": "joined", "by": by},),
        idem={"caller": by, "key": token_id, "hash": "x"},
    )
    token = replace(token, **more)
    tokens = Tokens(engines.mongo.database, engines.clock)
    assert await tokens.insert(token, LiveFields(engines.ring).of(token), []) == Inserted()
    return token


async def ended(house: House, token: Token, at: datetime) -> None:
    engines = house.services.engines
    found = await Tokens(engines.mongo.database, engines.clock).find(token.id)
    assert found is not None
    moved = await Tokens(engines.mongo.database, engines.clock).move(
        found, "cancelled", cause="cancelled", by="x", fields={"ended_at": at}
    )
    assert moved is not None


async def document(house: House, token: Token) -> Any:
    return await house.services.engines.mongo.database["tokens"].find_one({"_id": token.id})


async def test_orders_and_tokens_stand_in_one_timeline(house: House) -> None:
    mine, user = await somebody(house)
    service = await a_line(house)
    first = await joined(house, service, 1, user_id=user["id"])
    order = await booked(house, await published(house), mine)
    contact = Contact("Canary", user["email"])
    as_guest = await joined(house, service, 2, contact=contact)
    await joined(house, service, 3, contact=Contact(email="somebody@example.com"))
    found = (await get(house, mine, "/timeline")).json()["items"]
    assert [item["id"] for item in found] == [order["id"], first.id], "an address typed in proves nothing"
    assert (found[1]["kind"], found[1]["status"], found[1]["title"]) == ("token", "waiting", "Passports")
    assert found[1]["details"]["slug"] == service.slug
    await verified(house, user)
    pages, cursor = [], ""
    while cursor is not None:
        page = (await get(house, mine, f"/timeline?limit=1{cursor and f'&cursor={cursor}'}")).json()
        pages += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert pages == [as_guest.id, order["id"], first.id]


async def test_the_export_has_what_was_typed_in_and_no_secret(house: House) -> None:
    mine, user = await somebody(house)
    contact = Contact("Canary Name", None, "+4915112345678")
    token = await joined(
        house, await a_line(house), 1, user_id=user["id"], contact=contact, own_alias="Zorro"
    )
    answer = await get(house, mine, "/export")
    exported = answer.json()["records"]["tokens"]
    assert [one["id"] for one in exported] == [token.id]
    assert (exported[0]["contact"]["phone"], exported[0]["own_alias"]) == ("+4915112345678", "Zorro")
    assert [entry["cause"] for entry in exported[0]["history"]] == ["joined"]
    assert "us_" not in answer.text
    assert user["id"] not in str(exported)


async def test_erasure_leaves_the_place_and_not_the_person(house: House) -> None:
    mine, user = await somebody(house)
    await verified(house, user)
    service = await a_line(house)
    contact = Contact(user["name"], user["email"], user["phone"])
    own = await joined(house, service, 1, user_id=user["id"], contact=contact, own_alias="Canary")
    foreign = await joined(house, service, 2, contact=Contact("Canary", "else@example.com"))
    assert (await erase(house, mine)).status_code == 204
    after = await document(house, own)
    assert (after["status"], after["number"], after["live_number"]) == ("waiting", 1, 1)
    assert len(after["history"]) == after["version"] == 2
    held = (await everything(house, but=("users",)))["tokens"]
    for trace in (user["id"], user["email"], user["name"], user["phone"]):
        assert trace not in held
    assert (await document(house, foreign))["contact"]["name"] == "Canary"


async def test_contacts_are_forgotten_some_time_after_the_end(house: House) -> None:
    mine, user = await somebody(house)
    service, now = await a_line(house), house.services.engines.clock.now()
    contact = Contact("Canary", "c@example.com")
    old = await joined(house, service, 1, user_id=user["id"], contact=contact, own_alias="Zorro")
    await ended(house, old, now - timedelta(days=31))
    young = await joined(house, service, 2, contact=contact)
    await ended(house, young, now - timedelta(days=29))
    live = await joined(house, service, 3, contact=contact)
    assert await house.services.privacy.contacts.sweep() == 1
    assert await house.services.privacy.contacts.sweep() == 0, "once"
    after = await document(house, old)
    assert not {"contact", "own_alias", "mailbox", "notify", "idem"} & after.keys()
    assert (after["user_id"], len(after["history"])) == (user["id"], after["version"])
    for kept in (young, live):
        assert (await document(house, kept))["contact"]["email"] == "c@example.com"
    assert (await get(house, mine, "/timeline")).json()["items"][0]["id"] == old.id
    engines = house.services.engines
    for_good = ContactRetention(PersonalTokens(engines.mongo.database, engines.clock), engines.clock, 0)
    await ended(house, live, now - timedelta(days=9999))
    assert await for_good.sweep() == 0


async def test_finding_a_person_s_tokens_reads_no_others(house: House) -> None:
    tokens = house.services.engines.mongo.database["tokens"]
    person = Person("usr_somebody", "a-mailbox")
    for where in (*person.tokens, {"$or": person.tokens, "_id": {"$lt": "tok_z"}}):
        plan = await tokens.find(where).sort("_id", -1).limit(5).explain()
        assert not {"COLLSCAN", "SORT"} & _stages(plan["queryPlanner"]["winningPlan"])
    assert "COLLSCAN" in _stages((await tokens.find({"alias": "x"}).explain())["queryPlanner"]["winningPlan"])


def _stages(plan: Any) -> set[str]:
    below = [plan[name] for name in ("inputStage", "queryPlan") if name in plan] + plan.get("inputStages", [])
    return {str(plan.get("stage"))}.union(*map(_stages, below))
