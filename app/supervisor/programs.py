"""The commands ``usher serve`` runs. They are data, so a test can put small stand-ins in their place."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.embedded.child import StartError
from app.embedded.leash import leash

_USHER = (sys.executable, "-m", "app.cli")


@dataclass(frozen=True)
class Programs:
    api: Sequence[str] = (*_USHER, "api")
    """Gets ``--fd N``, the number of the shared listening socket."""
    worker: Sequence[str] = (*_USHER, "worker")
    admin: Sequence[str] = (*_USHER, "admin")
    """Gets the email as its argument and the password on standard input; prints ``created`` if it did."""
    seed: Sequence[str] = (*_USHER, "seed")


async def run_once(command: Sequence[str], environment: Mapping[str, str], text: str = "") -> str:
    """Runs a short program to its end and returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=leash(),
    )
    try:
        printed, _ = await process.communicate(text.encode())
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise StartError(f"{' '.join(command[-2:])} failed with code {process.returncode}")
    return printed.decode()
