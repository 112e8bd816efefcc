"""People in a line hear what concerns them, by text or mail, with the way back to their place."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import bearer
from tests.notifications.office import Office
from tests.notifications.queue import a_phone, a_queue, an_email


async def test_joining_brings_number_alias_and_live_page_by_text_and_mail(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody(name="Eve <b>", alias="not to be sent")
    await office.deliver()
    [text], [letter] = guest.texts(), guest.letters()
    alias = guest.token["alias"]
    assert text == f"Passports: Number 1, alias {alias}. {guest.url}"
    assert guest.token["text"] == text, "the page copies the same"
    assert letter.startswith("Passports: your number is 1\n")
    assert f"Number 1, alias {alias}." in letter
    assert guest.url in letter
    assert "Eve" not in text + letter
    assert "not to be sent" not in text + letter
    secret = guest.url.rpartition(".")[2]
    found = await office.house.client.get(f"/api/v1/tokens/{guest.id}", headers=bearer(secret))
    assert found.json()["number"] == 1


async def test_from_the_call_to_the_end(office: Office) -> None:
    """Booking, beginning and completing are told by mail; what cannot wait goes to the phone."""
    queue = await a_queue(office)
    guest = await queue.somebody()
    await office.deliver()
    await queue.do("next", counter="7")
    await office.deliver()
    await guest.act("start")
    await office.deliver()
    await guest.act("complete")
    await office.deliver()
    assert guest.texts()[1:] == ["Passports: It is your turn, number 1. Please come to counter 7."]
    assert guest.subjects() == [
        "Passports: number 1",
        "Passports: number 1 is done",
        "Passports: your number is 1",
    ]


async def test_without_a_phone_all_goes_by_mail_and_without_a_mailbox_by_text(office: Office) -> None:
    queue = await a_queue(office)
    mail, phone = await queue.somebody(phone=False), await queue.somebody(email=False)
    nobody = await queue.somebody(phone=False, email=False)
    for _ in range(3):
        await queue.do("next", counter="2")
    await office.deliver()
    assert mail.subjects() == ["Passports: it is your turn, number 1", "Passports: your number is 1"]
    assert len(phone.texts()) == 2
    assert {m["about"] for m in await office.mails()} == {mail.id, phone.id}
    assert nobody.token["number"] == 3


async def test_the_code_goes_to_the_phone_and_is_kept_nowhere(office: Office) -> None:
    queue = await a_queue(office, verify="otp")
    guest = await queue.somebody()
    await queue.do("next", counter="1")
    await office.deliver()
    [text] = [text for text in guest.texts() if "code" in text]
    code = text.partition(" is ")[2][:6]
    assert text == f"Passports: Your code for number 1 is {code}. Show it when you are called."
    kept = [
        repr(await office.database[name].find({}).to_list(None))
        for name in ("mails", "messages", "mail_caps")
    ]
    assert not [
        secret
        for secret in (code, guest.token["secret"], guest.phone, guest.email)
        if secret in "".join(kept)
    ]
    assert (await guest.act("verify", code=code))["status"] == "called"


async def test_a_code_overtaken_before_it_was_sent_is_dropped(office: Office) -> None:
    queue = await a_queue(office, verify="otp")
    guest = await queue.somebody(email=False)
    await queue.do("next", counter="1")
    await office.hear()
    await office.database["tokens"].update_one({"_id": guest.id}, {"$set": {"code.tries": 5}})
    await office.sweep()
    assert [text for text in guest.texts() if "code" in text] == []


async def test_who_is_cancelled_hears_of_it_and_who_leaves_does_not(office: Office) -> None:
    queue = await a_queue(office)
    sent_off, left = await queue.somebody(), await queue.somebody()
    await office.deliver()
    await sent_off.act("cancel")
    await left.leave()
    await office.deliver()
    assert sent_off.texts()[1:] == ["Passports: Your number 1 was cancelled by the staff."]
    assert left.texts()[1:] == []


async def test_the_end_of_the_day_is_told(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody()
    await office.deliver()
    await office.database["tokens"].update_one({"_id": guest.id}, {"$set": {"day": "2000-01-01"}})
    await office.house.services.lines.counters.day_end.sweep()
    await office.deliver()
    assert guest.texts()[1:] == ["Passports: Your number 1 was cancelled because the day is over."]


async def test_a_transfer_brings_the_new_number_and_the_secret_stays(office: Office) -> None:
    queue, other = await a_queue(office), await a_queue(office, name="Photos")
    guest = await queue.somebody()
    await office.deliver()
    await guest.act("transfer", service_id=other.line["id"])
    await office.deliver()
    text = guest.texts()[-1]
    assert text.startswith("Photos: You were moved here and keep your turn. Number 1, alias ")
    assert f"/{other.slug}/1#tok_" in text
    assert text.endswith(f".{guest.token['secret']}")


async def test_who_asked_hears_when_the_line_changes(office: Office) -> None:
    queue = await a_queue(office)
    asked, silent = await queue.somebody(notify_changes=True), await queue.somebody()
    gone = await queue.somebody(notify_changes=True)
    await gone.leave()
    await office.deliver()
    for action in ("pause", "open", "close"):
        await queue.do(action)
        await office.deliver()
    words = ("The line is paused.", "The line goes on.", "Nobody can join any more.")
    told = [f"{word} You keep your place, number 1. {asked.url}" for word in words]
    assert [text[text.index(word) :] for text, word in zip(asked.texts()[1:], words, strict=True)] == told
    assert silent.texts()[1:] == []
    assert gone.texts() == []


async def test_a_change_that_is_over_before_it_was_told_is_not(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody(notify_changes=True)
    await office.deliver()
    await queue.do("pause")
    await queue.do("open")
    await office.deliver()
    [text] = guest.texts()[1:]
    assert "The line goes on." in text


async def test_an_account_without_a_contact_hears_by_its_own_mail(office: Office) -> None:
    queue, person = await a_queue(office), await office.person()
    status, _ = await office.post(f"/services/{queue.line['id']}/tokens", {}, person.token)
    assert status == 201
    await office.deliver()
    assert "Passports: your number is 1" in person.subjects()


async def test_joining_again_sends_the_secret_to_the_contact_and_not_to_whoever_asks(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody(email=False)
    await office.deliver()
    status, again = await office.post(f"/services/{queue.line['id']}/tokens", {"phone": guest.phone})
    assert (status, again["number"], again.get("secret")) == (201, 1, None)
    assert guest.token["secret"] not in repr(again)
    await office.deliver()
    assert guest.texts() == [guest.texts()[0]] * 2


async def test_when_texts_fail_mail_is_tried(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody()
    await office.deliver()
    await queue.do("next", counter="1")
    await office.hear()
    office.twilio.next = ["503"] * 3
    for _ in range(3):
        await office.sweep()
        await office.make_due()
    assert guest.subjects() == ["Passports: your number is 1"], "tried three times"
    await office.sweep()
    assert "Passports: it is your turn, number 1" in guest.subjects()
    assert len(guest.texts()) == 1
    [mail] = [mail for mail in await office.mails() if mail["reason"] == "line_called"]
    assert (mail["status"], mail["channel"], mail["tries"]) == ("sent", "email", 1)
    [failed] = mail["failed"]
    assert (failed["channel"], failed["tries"], failed["error"]) == ("sms", 3, "MailAway")


async def test_a_number_that_takes_no_texts_is_not_tried_again(office: Office) -> None:
    queue = await a_queue(office)
    guest, phone_only = await queue.somebody(), await queue.somebody(email=False)
    await office.deliver()
    for counter in "12":
        await queue.do("next", counter=counter)
    await office.hear()
    office.twilio.next = ["400 21211"] * 2
    await office.sweep()
    await office.sweep()
    assert "Passports: it is your turn, number 1" in guest.subjects()
    assert len(phone_only.texts()) == 1
    mails = {mail["about"]: mail for mail in await office.mails() if mail["reason"] == "line_called"}
    assert mails[phone_only.id]["status"] == "refused"
    assert mails[phone_only.id]["last_error"] == "Twilio 400, code 21211"


async def test_each_delivery_is_recorded_with_the_provider_s_id(office: Office) -> None:
    queue = await a_queue(office)
    await queue.somebody(email=False)
    await office.deliver()
    [mail], [sms] = await office.mails(), office.twilio.messages
    assert (mail["status"], mail["channel"], mail["ref"], mail["tries"]) == ("sent", "sms", sms.sid, 1)
    assert mail["ended_at"] is not None


async def test_an_answer_lost_twice_is_the_last_text(office: Office) -> None:
    """One duplicate at most, and it is written down."""
    queue = await a_queue(office)
    guest = await queue.somebody(email=False)
    await office.hear()
    office.twilio.next = ["keep", "keep"]
    for _ in range(4):
        await office.sweep()
        await office.make_due()
    assert len(guest.texts()) == 2
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"]) == ("given_up", True)


@pytest.mark.parametrize("contact", ["phone", "email"])
async def test_a_flood_of_joins_in_a_strangers_name_is_capped(office: Office, contact: str) -> None:
    """The one who joins, leaves and joins again types somebody else's number."""
    queue = await a_queue(office)
    stranger = {"phone": a_phone()} if contact == "phone" else {"email": an_email()}
    for _ in range(6):
        guest = await queue.join(**stranger)
        await office.deliver()
        await guest.leave()
        await office.deliver()
    sent = guest.texts() if contact == "phone" else guest.subjects()
    assert len(sent) == 5
    assert [mail["status"] for mail in await office.mails()].count("capped") == 1


async def test_all_that_is_sent_is_counted_by_whom_it_goes_to_and_who_set_it_off(office: Office) -> None:
    queue = await a_queue(office)
    await queue.somebody()
    await office.database["tokens"].update_many({}, {"$set": {"origin": "net"}})
    await office.deliver()
    mails = {mail["channel"]: mail for mail in await office.mails()}
    text, letter = mails["sms"], mails["email"]
    assert text["caps"] == [f"number/{text['to']}", "origin/net", f"line/{queue.line['id']}", "all"]
    assert letter["caps"] == [f"mailbox/{letter['to']}", "mail_origin/net"]
    counted = await office.database["mail_caps"].find({}).to_list(None)
    assert sorted(cap["_id"] for cap in counted) == sorted(text["caps"] + letter["caps"])


async def test_who_asked_hears_once_that_it_is_soon(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody(notify_minutes_before=60)
    await office.deliver()
    reminders = office.house.services.notifications.reminders
    for _ in range(3):
        await reminders.look(queue.line["id"])
        await office.deliver()
    [text] = guest.texts()[1:]
    assert "bout " in text
    assert text.endswith(f"to go for number 1. {guest.url}")
