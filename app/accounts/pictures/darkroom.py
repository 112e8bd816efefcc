"""Where uploaded pictures are drawn anew: a few processes at once, each for one picture.

Bodies wait in files, so an upload costs this process next to nothing however many there are.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import structlog

import app
from app.accounts.errors import BadPhoto, PhotoTooLarge, UploadTooSlow
from app.accounts.pictures.contents import HEAD, Refused, kind_of
from app.core.errors import Overloaded

_ENVIRONMENT = {"PYTHONPATH": str(Path(app.__file__).parents[1])}
"""All the process gets to know: ours holds secrets."""
_REFUSED = 3
_MEMORY = 512 * 1024 * 1024
"""Of one process, its libraries included. Measured on 25 million pixels: 424 MB for WebP, 214 for PNG."""
_MAX_DRAWN = 1024 * 1024
_SAID = {
    "empty": "there is nothing in it",
    "unknown_kind": "it is neither PNG nor JPEG nor WebP, whatever it says it is",
    "broken": "it cannot be read to its end",
    "too_many_pixels": "it has too many pixels",
    "polyglot": "there is more in it than a picture",
}

log = structlog.get_logger("photos")


class Darkroom:
    def __init__(
        self,
        *,
        max_bytes: int,
        max_pixels: int,
        at_once: int = 2,
        waiting: int = 100,
        seconds: float = 20.0,
        upload_seconds: float = 60.0,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._seconds = seconds
        self._upload_seconds = upload_seconds
        self._lamps = asyncio.Semaphore(at_once)
        self._places = at_once + waiting

    @asynccontextmanager
    async def received(self, body: AsyncIterator[bytes]) -> AsyncIterator[IO[bytes]]:
        """The body in a file without a name. Raises Overloaded, PhotoTooLarge, UploadTooSlow."""
        if self._places == 0:
            raise Overloaded("too many photos at once")
        self._places -= 1
        try:
            with tempfile.TemporaryFile() as file:
                await self._fill(file, body)
                yield file
        finally:
            self._places += 1

    async def develop(self, file: IO[bytes]) -> bytes:
        """A small WebP. Raises BadPhoto."""
        _refuse_others(file)
        async with self._lamps:
            code, printed = await self._run(file)
        if code == 0 and 0 < len(printed) <= _MAX_DRAWN:
            return printed
        reason = printed.decode(errors="replace") if code == _REFUSED else ""
        if reason not in _SAID:
            log.warning("picture_process_failed", exit_code=code)
            reason = "broken"
        raise _bad(reason)

    async def _fill(self, file: IO[bytes], body: AsyncIterator[bytes]) -> None:
        received = 0
        try:
            async with asyncio.timeout(self._upload_seconds):
                async for piece in body:
                    received += len(piece)
                    if received > self._max_bytes:
                        raise PhotoTooLarge(max_bytes=self._max_bytes)
                    file.write(piece)
                file.flush()
        except TimeoutError as error:
            raise UploadTooSlow from error
        except OSError as error:
            raise Overloaded("no room for uploads", retry_after=10) from error

    async def _run(self, file: IO[bytes]) -> tuple[int, bytes]:
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # The process inherits the position, not Python's idea of it.
        limits = (str(self._max_bytes), str(self._max_pixels), str(_MEMORY))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "app.accounts.pictures", *limits),
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
        )
        try:
            async with asyncio.timeout(self._seconds):
                printed = await _read(process)
                return await process.wait(), printed
        except TimeoutError:
            return -1, b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _refuse_others(file: IO[bytes]) -> None:
    """What does not even begin like a picture is not worth a process."""
    try:
        kind_of(os.pread(file.fileno(), HEAD, 0))
    except Refused as refused:
        raise _bad(refused.reason) from refused


def _bad(reason: str) -> BadPhoto:
    return BadPhoto(reason, _SAID[reason])


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """Up to a byte more than we would take; the rest is cut off with the process."""
    assert process.stdout is not None
    printed = b""
    while len(printed) <= _MAX_DRAWN and (piece := await process.stdout.read(65_536)):
        printed += piece
    if len(printed) > _MAX_DRAWN:
        process.kill()
    return printed
