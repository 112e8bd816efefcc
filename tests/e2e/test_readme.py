"""The README's session, copied line by line as a stranger would, against a real ``usher serve --demo``."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving import serving

pytestmark = pytest.mark.process

README = Path(__file__).parents[2] / "README.md"
PROMISED_URL = "http://127.0.0.1:8000"
NOWHERE = "http://127.0.0.1:9"
SECONDS = 600


def lines() -> list[str]:
    blocks = re.findall(r"^```bash\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def script(url: str) -> str:
    """Each line must stand by itself and succeed, in one shell, as in a terminal."""
    checked = (f"{line} || {{ echo 'line {n} failed' >&2; exit {n}; }}" for n, line in enumerate(lines(), 1))
    return "\n".join(checked).replace(PROMISED_URL, url)


def test_the_session_ends_with_a_confirmed_order_and_its_tickets(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--demo") as running:
        session = subprocess.run(
            ["bash"], input=script(running.url), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    assert session.returncode == 0, session.stderr + running.output[-3000:]
    code, status, *tickets = re.findall(
        r"^([A-Z]{8}|confirmed|tkt_\w+  us_\S+)$", session.stdout, re.MULTILINE
    )
    assert (len(code), status, len(tickets)) == (8, "confirmed", 2)
    assert len(set(tickets)) == 2
    assert re.search(
        r"^number \d+, \d+ ahead, about \d+(\.\d+)? minutes: http\S+#\S+$", session.stdout, re.MULTILINE
    )


def test_each_line_is_a_command_of_its_own() -> None:
    """Copying line by line breaks a command that goes on in the next one."""
    assert len(lines()) > 10
    for line in lines():
        assert not line.endswith("\\")
        assert subprocess.run(["bash", "-n"], input=line, text=True, check=False).returncode == 0, line


def test_needs_only_what_it_says(tmp_path: Path) -> None:
    """With nothing else on the PATH, no line fails for want of a program."""
    for name in ("bash", "curl", "python3", "sleep"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    finished = subprocess.run(
        [tmp_path / "bash"],
        input="\n".join(line for line in lines() if not line.startswith("until")).replace(
            PROMISED_URL, NOWHERE
        ),
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "command not found" not in finished.stderr


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", README.read_text()):
        assert (README.parent / target).exists(), target
