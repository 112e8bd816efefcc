"""All corners of all schemas, as somebody whom nothing is refused. The other files beside this one are for
those who are refused a lot; they are files of their own so that the cores share the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.fuzzing import Fuzzing, a_stage, assert_nothing_breaks


@pytest.mark.process
def test_nothing_breaks_and_nothing_surprises(tmp_path: Path) -> None:
    with a_stage(tmp_path) as stage:
        assert_nothing_breaks(stage, tmp_path, Fuzzing("admin", 2, coverage=True))
