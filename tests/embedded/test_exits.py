"""What a person is told when a server ends early."""

from __future__ import annotations

import pytest

from app.embedded.exits import explain


@pytest.mark.parametrize(
    ("code", "output", "told"),
    [
        (
            127,
            "x: error while loading shared libraries: libcurl.so.4: cannot open",
            "apt-get install libcurl4",
        ),
        (127, "x: error while loading shared libraries: libssl.so.3: cannot open", "apt-get install libssl3"),
        (
            127,
            "x: error while loading shared libraries: libodd.so.9: cannot open",
            "apt-file search libodd.so.9",
        ),
        (
            1,
            "x: /lib/libc.so.6: version `GLIBC_2.34' not found (required by x)",
            "too old for it (GLIBC_2.34",
        ),
        (-4, "", "AVX"),
        (100, "", "another process uses its data directory"),
        (1, "first\nthe last line\n", "ended with code 1 before it answered: the last line"),
        (2, "", "ended with code 2 before it answered"),
    ],
)
def test_the_cause_is_named(code: int, output: str, told: str) -> None:
    assert told in explain("mongod", code, output)


def test_a_complaint_of_long_ago_is_not_repeated() -> None:
    old = "x: error while loading shared libraries: libcurl.so.4: cannot open\n" + "fine\n" * 10_000
    assert "libcurl4" not in explain("mongod", 127, old)
