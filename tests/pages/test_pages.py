"""The pages of a line in a real browser, against a real server: everything a customer and the staff do."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, ViewportSize

from tests.pages.agreement import SAMPLE, longest, until_they_show
from tests.pages.browser import PATIENCE_MS
from tests.pages.house import House
from tests.pages.wire import Wire

pytestmark = pytest.mark.process
WALL: ViewportSize = {"width": 1280, "height": 720}
DESK: ViewportSize = {"width": 1100, "height": 800}


async def test_scan_confirm_be_called_and_be_served_without_a_reload(house: House) -> None:
    line = await house.line(verify="alias")
    staff = await house.screen(f"/{line['slug']}/counter", size=DESK)
    await staff.reads("Staff of Harbour Bakery")
    await staff.is_fit()
    await staff.page.get_by_label("Email").fill(house.admin["email"])
    await staff.page.get_by_label("Password").fill(house.admin["password"])
    await staff.press("Sign in")
    await staff.page.locator(".invite img[src^=blob]").wait_for()
    shown = await staff.page.locator(".invite img").get_attribute("src")

    phone = await house.screen(await house.invite(line))
    await phone.reads("Nobody is waiting.")
    await phone.page.get_by_text("More wishes").click()
    await phone.is_fit()
    await phone.press("Take my number")
    await phone.reads("Take a screenshot too")
    await phone.is_fit()
    assert await phone.page.locator(".number").inner_text() == "1"
    alias = await phone.page.locator(".alias").inner_text()
    async with phone.page.context.expect_page() as opened:
        await phone.page.get_by_role("link", name="Watch my turn").click()
    await phone.page.close()

    await staff.reads("Number 1 has joined.")
    await staff.page.wait_for_function(
        "old => document.querySelector('.invite img').getAttribute('src') !== old", arg=shown
    )
    live = house.adopt(await opened.value)
    await live.reads("You are next")
    await live.page.evaluate("window.sameDocument = true")
    await live.is_fit()

    await staff.press("Call next")
    await live.reads("Please go to counter 1")
    assert await live.page.title() == "● Your turn: counter 1"
    await live.is_fit()
    await staff.is_fit()
    await staff.page.get_by_label("Their code or words").fill("not those words")
    await staff.press("Check")
    await staff.reads("Those are not the words.")
    await staff.page.get_by_label("Their code or words").fill(alias)
    await staff.press("Check")
    await staff.press("Start")
    await live.reads("You are being served at counter 1")
    await staff.page.reload()
    await live.is_fit()
    await staff.press("Done")
    await live.reads("All done")
    await live.is_fit()
    assert await live.page.evaluate("window.sameDocument") is True


async def test_stepping_away_and_leaving(house: House) -> None:
    line = await house.line()
    await house.enter(line)
    phone, link = await house.customer(line)
    await phone.reads("1 person ahead of you")
    await phone.press("Step away for a while")
    await phone.reads("You are away")
    await phone.is_fit()
    await phone.press("I am back")
    await phone.reads("1 person ahead of you")
    await phone.press("Leave the line")
    await phone.is_fit()
    await phone.press("Stay in line")
    await phone.press("Leave the line")
    await phone.press("Yes, leave")
    await phone.reads("You have left the line")
    await phone.is_fit()
    assert (await house.get(f"/services/{line['id']}"))["waiting"] == 1
    secret = link.split("#")[1]
    assert [url for url in phone.urls if secret.split(".")[1] in url.split("#")[0]] == []


async def test_not_coming_and_being_moved(house: House) -> None:
    line, other = await house.line(grace_seconds=0), await house.line(name="Fish")
    phone, _ = await house.customer(line)
    token = await house.call(line)
    await house.act(token, "no-show")
    await phone.reads("You were called")
    await phone.is_fit()
    await house.act(token, "requeue")
    await phone.reads("You are next")
    await house.act(token, "transfer", service_id=other["id"])
    await phone.page.get_by_role("link", name="Your new number: 1").click()
    await phone.reads("You are next")
    assert f"/{other['slug']}/1#" in phone.page.url


async def test_a_lost_answer_and_two_taps_make_one_number(house: House) -> None:
    line = await house.line()
    phone = await house.screen()
    lost: list[int] = []

    async def lose_the_first(route: Route) -> None:
        if lost:
            await route.continue_()
        else:
            lost.append((await route.fetch()).status)
            await route.abort()

    await phone.page.route("**/claim", lose_the_first)
    await phone.page.goto(await house.invite(line))
    await phone.page.get_by_role("button", name="Take my number").dblclick()
    await phone.reads("Take a screenshot too")
    assert lost == [201]
    assert await phone.page.locator(".number").inner_text() == "1"
    await phone.page.reload()
    await phone.reads("Take a screenshot too")
    assert (await house.get(f"/services/{line['id']}"))["waiting"] == 1


async def test_what_a_used_invite_and_a_known_contact_are_told(house: House) -> None:
    line = await house.line()
    invite = await house.invite(line)
    first = await house.screen(invite)
    await first.page.get_by_label("Email or mobile number").fill("ada@example.com")
    await first.press("Take my number")
    await first.reads("Take a screenshot too")

    late = await house.screen(invite)
    await late.press("Take my number")
    await late.reads("This code has been used")
    await late.is_fit()

    again = await house.screen(await house.invite(line))
    await again.page.get_by_label("Email or mobile number").fill("ada@example.com")
    await again.press("Take my number")
    await again.reads("already")
    await again.is_fit()
    assert "us_" not in await again.page.content()
    assert (await house.get(f"/services/{line['id']}"))["waiting"] == 1


async def test_what_everybody_may_see(house: House) -> None:
    line = await house.line(remote_join=True, description="Bread since four.")
    people = [await house.enter(line) for _ in range(4)]
    await house.call(line, "3")
    page = await house.screen(f"/{line['slug']}")
    await page.reads("Who joins now waits")
    assert await page.numbers() == ["1"]
    await page.is_fit()
    number = await house.screen(f"/{line['slug']}/{people[2]['number']}")
    await number.reads("1 person ahead")
    await number.is_fit()
    wall = await house.screen(f"/{line['slug']}?display=1", size=WALL)
    await wall.reads("Counter 3")
    assert await wall.page.locator(".next li").all_inner_texts() == ["2", "3", "4"]
    await wall.is_fit()
    for screen in (page, number, wall):
        assert people[0]["alias"] not in await screen.page.content()
    await page.press("Take my number")
    await page.reads("Take a screenshot too")
    assert await page.page.locator(".number").inner_text() == "5"
    await house.post(f"/services/{line['id']}/close", {})
    await wall.reads("4 people waiting")
    absent = await house.screen("/no-such-line")
    await absent.reads("There is no such line")
    await absent.is_fit()


async def test_two_phones_agree(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """How long they ever differed is measured and told; that they agree in the end is asserted."""
    line = await house.line(counters=3)
    phones = [(await house.customer(line))[0] for _ in range(2)]
    for _ in range(8):
        await house.enter(line)
    for phone in phones:
        await phone.press("Step away for a while")
        await phone.reads("You are away")
        await phone.page.evaluate(SAMPLE)
    called = set[str]()
    for counter in ("1", "2", "3", "1", "2", "3"):
        token = await house.call(line, counter)
        called.add(str(token["number"]))
        await until_they_show(phones, [str(token["number"])])
        await house.act(await house.act(token, "start"), "complete")
    await until_they_show(phones, [])
    first, second = [await phone.page.evaluate("window.samples") for phone in phones]
    assert {text for _, text in first} == {text for _, text in second} == called | {""}
    with capsys.disabled():
        print(f"\ntwo phones showed different numbers for {longest(first, second)} ms at most")  # noqa: T201


def test_the_measure_finds_a_difference() -> None:
    same = [(at, "1") for at in range(0, 1000, 50)]
    late = [(at, "1" if at < 300 or at >= 700 else "2") for at in range(10, 1000, 50)]
    assert longest(same, same) == 0
    assert longest(same, late) == 410 - 10


async def test_lost_news_and_a_new_epoch_are_healed_by_watching_again(house: House) -> None:
    line, wire = await house.line(counters=3), Wire()
    screen = await house.screen()
    await wire.put_before(screen)
    for _ in range(3):
        await house.enter(line)
    await screen.page.goto(f"{house.url}/{line['slug']}")
    await screen.reads("3 waiting")
    await wire.until(lambda: wire.watched >= 1)

    watched, wire.lose = wire.watched, 1
    await house.call(line, "1")
    await wire.until(lambda: wire.lose == 0)
    await house.call(line, "2")
    await until_they_show([screen], ["1", "2"])
    await wire.until(lambda: wire.watched > watched)

    watched, wire.epoch = wire.watched, "anotherepoch"
    await house.call(line, "3")
    await until_they_show([screen], ["1", "2", "3"])
    await wire.until(lambda: wire.watched > watched)
    assert await screen.numbers() == ["1", "2", "3"]


async def test_without_push_a_page_asks_and_says_so(house: House) -> None:
    line, wire = await house.line(), Wire()
    screen = await house.screen()
    await wire.put_before(screen)
    await house.enter(line)
    await screen.page.clock.install()
    await screen.page.goto(f"{house.url}/{line['slug']}")
    await screen.reads("1 waiting")
    await wire.cut_off()
    await screen.page.clock.fast_forward(5_000)
    await screen.reads("No connection just now.")
    await house.call(line)
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await screen.numbers() != ["1"]:
            await screen.page.clock.fast_forward(20_000)
            await asyncio.sleep(0.1)
    await screen.is_fit()
    wire.cut = False
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await screen.page.get_by_text("No connection just now.").is_visible():
            await screen.page.clock.fast_forward(6_000)
            await asyncio.sleep(0.5)
    await house.enter(line)
    await screen.reads("1 waiting")
