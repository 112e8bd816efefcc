"""What a picture is: attacks refused, and a process that is led astray held."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.accounts.errors import BadPhoto, PhotoTooLarge, UploadTooSlow
from app.accounts.pictures.contents import Refused, look_through
from app.accounts.pictures.darkroom import Darkroom
from app.accounts.pictures.redraw import redraw
from app.core.errors import Overloaded
from tests.accounts.identity.files import attacks, picture, png

PIXELS = 25_000_000
ATTACKS = attacks()


def verdict(content: bytes) -> str:
    """As the process gives it: what a decoder stumbles over is broken."""
    try:
        redraw(content, look_through(content, PIXELS))
    except Refused as refused:
        return refused.reason
    except Exception as error:
        return "out of bounds" if isinstance(error, MemoryError | RecursionError) else "broken"
    return "taken"


@pytest.mark.parametrize("what", ATTACKS)
def test_every_attack_is_refused(what: str) -> None:
    content, reason = ATTACKS[what]
    assert verdict(content) == reason


def test_a_header_that_lies_about_the_size_is_noticed() -> None:
    content = picture("PNG", (300, 200))
    told = replace(look_through(content, PIXELS), width=30, height=20)
    with pytest.raises(Refused, match="broken"):
        redraw(content, told)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_noise_is_refused_or_drawn_but_breaks_nothing(kind: str) -> None:
    """Every eighth byte of a real picture turned over, one at a time."""
    content = picture(kind, (16, 12))
    for at in range(0, len(content), 8):
        broken = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        assert verdict(broken) != "out of bounds"


async def body(content: bytes, seconds: float = 0) -> AsyncIterator[bytes]:
    await asyncio.sleep(seconds)
    yield content


async def developed(room: Darkroom, content: bytes) -> bytes:
    async with room.received(body(content)) as file:
        return await room.develop(file)


def test_the_process_cannot_take_more_memory_than_it_is_given() -> None:
    """25 million pixels in 128 MB: the kernel says no, and nobody else notices."""
    content = png(5000, 5000, b"\0" * 75_005_000)
    for memory, code in ((128, 3), (512, 0)):
        limits = [str(len(content)), str(PIXELS), str(memory << 20)]
        command = [sys.executable, "-P", "-m", "app.accounts.pictures", *limits]
        finished = subprocess.run(command, input=content, capture_output=True, check=False)
        assert finished.returncode == code, (memory, finished.stdout[:100])


async def test_a_process_that_hangs_is_ended() -> None:
    for seconds in (0.01, 20.0):
        room = Darkroom(max_bytes=10_000_000, max_pixels=PIXELS, seconds=seconds)
        if seconds < 1:
            with pytest.raises(BadPhoto):
                await developed(room, picture())
        else:
            assert await developed(room, picture())


async def test_who_sends_too_slowly_loses_the_place() -> None:
    room = Darkroom(max_bytes=1000, max_pixels=PIXELS, at_once=1, waiting=0, upload_seconds=2.0)
    with pytest.raises(UploadTooSlow):
        async with room.received(body(b"x", seconds=120)):
            pytest.fail("it never came in")
    async with room.received(body(b"x")):
        with pytest.raises(Overloaded):
            async with room.received(body(b"x")):
                pytest.fail("there was one place")


async def test_what_is_too_large_is_noticed_while_it_comes_in() -> None:
    room = Darkroom(max_bytes=10, max_pixels=PIXELS)
    with pytest.raises(PhotoTooLarge):
        async with room.received(body(b"x" * 11)):
            pytest.fail("it was taken")
