"""An alias is called across a room: nobody should mind that it is theirs, and nobody should guess it."""

from __future__ import annotations

from typing import Any, cast

from coolname.data import config

from app.queues import aliases

WORDS = {*aliases.TRAITS, *aliases.COLOURS, *aliases.ANIMALS}


def test_nobody_is_called_names() -> None:
    unkind = {"sexy", "fat", "bald", "annoying", "chubby", "pig", "ape", "monkey", "cow", "leech", "dinosaur"}
    assert not WORDS & unkind
    drawn = {word for _ in range(2000) for word in aliases.new_alias(3).split("-")}
    assert drawn <= WORDS


def test_they_can_be_said_and_typed() -> None:
    assert all(word.isascii() and word.isalpha() and word.islower() for word in WORDS)


def test_there_are_enough_of_them() -> None:
    """A stranger at a counter guesses once, among 200,000."""
    assert len(aliases.TRAITS + aliases.COLOURS) * len(aliases.ANIMALS) > 200_000


def test_what_is_left_out_is_what_the_library_has() -> None:
    """Else a word is misspelt here, or the library has changed and is to be looked through again."""
    names = ("adjective", "adjective_near", "animal", "animal_breed", "animal_legendary")
    known = {word for name in names for word in cast(Any, config)[name]["words"]}
    assert known >= aliases._UNFRIENDLY
    assert len(known) - len(WORDS) == len(aliases._UNFRIENDLY)
