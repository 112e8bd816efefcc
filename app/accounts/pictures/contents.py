"""What a file is, by its content: kind, size and where the picture in it ends. Nothing is decoded here.

A file that is a picture and something else besides (a polyglot) is refused. It would do no harm, as what
we keep is drawn anew, but nobody sends one by mistake.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

Kind = Literal["PNG", "JPEG", "WEBP"]

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
HEAD = 12
"""Bytes that tell the kind."""
_SCRIPTS = (b"<script", b"<?php", b"<!doctype", b"<html", b"<svg ", b"<iframe", b"javascript:")
_PDF, _PDF_REACH = b"%PDF-", 1024
_ZIP_END, _ZIP_REACH = b"PK\x05\x06", 65_557
"""Where readers of these look for their mark."""
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
"""JPEG markers without a length."""
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


class Refused(Exception):
    """``reason`` is one of: empty, unknown_kind, broken, too_many_pixels, polyglot."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Contents:
    kind: Kind
    width: int
    height: int


def look_through(data: bytes, max_pixels: int) -> Contents:
    """Raises Refused."""
    kind = kind_of(data)
    try:
        width, height, end = _WALKS[kind](data)
    except (struct.error, IndexError, ValueError) as error:
        raise Refused("broken") from error
    if width < 1 or height < 1:
        raise Refused("broken")
    if width * height > max_pixels:
        raise Refused("too_many_pixels")
    if _goes_on(data, end, kind) or _is_more(data):
        raise Refused("polyglot")
    return Contents(kind, width, height)


def kind_of(head: bytes) -> Kind:
    """By the first bytes. Raises Refused."""
    if head.startswith(_PNG):
        return "PNG"
    if head.startswith(_JPEG):
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:HEAD] == b"WEBP":
        return "WEBP"
    raise Refused("unknown_kind" if head else "empty")


def _walk_png(data: bytes) -> tuple[int, int, int]:
    if data[12:16] != b"IHDR":
        raise ValueError("no header")
    width, height = struct.unpack_from(">II", data, 16)
    at = len(_PNG)
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if at > len(data):
            raise ValueError("truncated")
        if name == b"IEND":
            return width, height, at


def _walk_jpeg(data: bytes, start: int = 0) -> tuple[int, int, int]:
    size: tuple[int, int] | None = None
    at = start + 2
    while True:
        at = data.index(b"\xff", at)
        marker = data[at + 1]
        at += 1 if marker == 0xFF else 2  # Any number of FF may stand before a marker.
        if marker == 0xD9:
            width, height = size or (0, 0)
            return width, height, at
        if marker in (0x00, 0xFF) or marker in _STANDALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            size = max(size or (0, 0), (width, height), key=lambda pair: pair[0] * pair[1])
        at += max(2, length)


def _walk_webp(data: bytes) -> tuple[int, int, int]:
    (length,) = struct.unpack_from("<I", data, 4)
    end = 8 + length + length % 2
    if end > len(data) + length % 2:
        raise ValueError("truncated")
    name = data[12:16]
    if name == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif name == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif name == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise ValueError("no picture")
    return width, height, end


_WALKS = {"PNG": _walk_png, "JPEG": _walk_jpeg, "WEBP": _walk_webp}


def _goes_on(data: bytes, end: int, kind: Kind) -> bool:
    """Whether something stands behind the picture. Telephones put a second JPEG behind the first."""
    while kind == "JPEG" and data.startswith(_JPEG, end):
        try:
            end = _walk_jpeg(data, end)[2]
        except (struct.error, IndexError, ValueError):
            return True
    return bool(data[end:].strip(b"\0"))


def _is_more(data: bytes) -> bool:
    text = data.lower()
    if any(mark in text for mark in _SCRIPTS):
        return True
    return data.find(_PDF, 0, _PDF_REACH) >= 0 or data.find(_ZIP_END, max(0, len(data) - _ZIP_REACH)) >= 0
