"""What people in line are told fits a text message where it can, and says nothing that somebody typed in."""

from __future__ import annotations

import pytest

from app.queues import texts
from app.queues.texts import Place, live_url, segments

SECRET = "tok_01ARZ3NDEKTSV4RRFFQ69G5FAV.us_" + "s" * 43


def place(
    line: str = "Passport office", slug: str = "passports", url: str = "https://usher.example"
) -> Place:
    return Place(line, slug, 47, "brave-otter", live_url(url, slug, 47, SECRET))


def test_it_names_line_number_alias_and_page_in_one_segment() -> None:
    text = texts.joined(place()).text
    assert (
        text == f"Passport office: Number 47, alias brave-otter. https://usher.example/passports/47#{SECRET}"
    )
    assert segments(text) == 1


def test_a_long_name_gives_way_to_the_line_s_address() -> None:
    assert texts.joined(place("The passport office of Graz")).text.startswith("passports: Number 47")


@pytest.mark.parametrize(
    "line", ["Office of the Registrar, second floor, to the left", "Ämter & Bürger ✓", "窓口"]
)
def test_a_name_that_costs_a_segment_is_left_out(line: str) -> None:
    told = texts.joined(place(line))
    assert segments(told.text) == 1
    assert line in told.subject


def test_where_nothing_helps_it_keeps_its_name() -> None:
    told = texts.joined(place(url="https://a-very-long-name-of-a-server.of-some-authority.example"))
    assert told.text.startswith("Passport office: Number 47, alias brave-otter. https://")
    assert segments(told.text) == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ä€" * 53, 1),
        ("ä€" * 54, 2),
        ("✓" * 70, 1),
        ("✓" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_phone_companies_do(text: str, count: int) -> None:
    assert segments(text) == count


def test_a_code_is_not_in_the_subject_and_without_a_link() -> None:
    told = texts.code(place(), "123456")
    assert "123456" in told.text
    assert "123456" not in told.subject
    assert "http" not in told.text


def test_what_hides_a_secret_does_not_show_it() -> None:
    assert SECRET not in repr(place())
    assert SECRET not in repr(texts.joined(place()))
    assert "123456" not in repr(texts.code(place(), "123456"))


def test_a_line_s_name_stays_on_one_line() -> None:
    told = texts.called(place("Visa\r\nBcc: x"), "7\n")
    assert told.text == "Visa Bcc: x: It is your turn, number 47. Please come to counter 7."
    assert "\n" not in told.subject
