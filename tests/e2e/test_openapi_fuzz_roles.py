"""The same API as those see it to whom not everything is open, and what one answer leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fuzzing import Fuzzing, Stage, a_stage, assert_nothing_breaks

pytestmark = pytest.mark.process

ACCOUNTS = "^/api/v1/(auth|me|users|api-keys)"
STAFF_S = "^/api/v1/(admin|services|tokens|orders)"
"""What is staff's, and differs from an admin's."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with a_stage(tmp_path_factory.mktemp("fuzz")) as standing:
        yield standing


@pytest.mark.parametrize(
    "fuzzing",
    [
        Fuzzing("admin", 15, stateful=True, only=ACCOUNTS),
        Fuzzing("customer", 4),
        Fuzzing("staff", 2, only=STAFF_S),
        Fuzzing("nobody", 2),
    ],
    ids=lambda fuzzing: fuzzing.role,
)
def test_nothing_breaks_and_nothing_surprises(stage: Stage, tmp_path: Path, fuzzing: Fuzzing) -> None:
    assert_nothing_breaks(stage, tmp_path, fuzzing)
