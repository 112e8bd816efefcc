"""The command line itself: what it refuses, and how."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process


def usher(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("USHER_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_help_names_the_commands() -> None:
    shown = usher("--help")
    assert shown.returncode == 0
    assert all(name in shown.stdout for name in ("serve", "api", "worker", "seed", "check", "bench"))


def test_check_without_servers_says_what_to_do(tmp_path: Path) -> None:
    refused = usher("check", "--data-dir", str(tmp_path))
    assert refused.returncode == 1
    assert "start `usher serve`" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_serve_refuses_default_secrets_in_production(tmp_path: Path) -> None:
    refused = usher("serve", "--data-dir", str(tmp_path / "data"), USHER_ENV="production")
    assert refused.returncode == 1
    assert "USHER_SECRET_KEYS" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_number_of_processes_is_checked() -> None:
    assert usher("serve", "--api-processes", "0").returncode == 2
