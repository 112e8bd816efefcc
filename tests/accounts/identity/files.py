"""Pictures, and files that pretend to be some."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

CAMERA, PLACE = "Canary Camera 3000", "52.5200 N 13.4050 E"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(
    kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options: Any
) -> bytes:
    image = Image.effect_noise(size, 60).convert(mode)
    return encoded(image, kind, **options)


def photographed() -> bytes:
    """As a telephone does it: lying on its side, with camera and place, and a thumbnail behind it."""
    image = Image.new("RGB", (400, 200), "red")
    image.paste("blue", (0, 0, 200, 200))
    about = image.getexif()
    about[0x0112], about[0x010F], about[0x010E] = 6, CAMERA, PLACE
    return encoded(image, "JPEG", exif=about, comment=PLACE.encode()) + picture("JPEG", (40, 20))


def png(width: int, height: int, data: bytes = b"", *more: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), *more, _chunk(b"IDAT", zlib.compress(data, 9)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<html><script>alert(1)</script></html>"
ZIP_END = b"PK\x05\x06" + b"\0" * 18


def attacks() -> dict[str, tuple[bytes, str]]:
    """What is sent, and why it is refused."""
    good, jpeg, webp = picture("PNG"), picture("JPEG"), picture("WEBP")
    comment = b"\xff\xfe" + struct.pack(">H", len(HTML) + 2) + HTML
    bomb_text = _chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 90_000_000, 9))
    return {
        "empty": (b"", "empty"),
        "text": (b"hello", "unknown_kind"),
        "SVG with script": (SVG, "unknown_kind"),
        "HTML": (HTML, "unknown_kind"),
        "GIF": (picture("GIF", mode="P"), "unknown_kind"),
        "TIFF": (picture("TIFF"), "unknown_kind"),
        "PDF": (b"%PDF-1.7\n%%EOF", "unknown_kind"),
        "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "unknown_kind"),
        "magic number only": (good[:8], "broken"),
        "magic number of JPEG": (b"\xff\xd8\xff", "broken"),
        "RIFF without picture": (b"RIFF\x04\0\0\0WEBP", "broken"),
        "truncated PNG": (good[: len(good) // 2], "broken"),
        "truncated JPEG": (jpeg[: len(jpeg) // 2], "broken"),
        "truncated WebP": (webp[: len(webp) // 2], "broken"),
        "PNG of another length inside": (png(200, 200, b"\0" * 50), "broken"),
        "PNG with a wrong checksum": (good[:40] + bytes([good[40] ^ 1]) + good[41:], "broken"),
        "no width": (png(0, 10, b""), "broken"),
        "50,000 x 50,000": (png(50_000, 50_000, b"\0" * 1_000_000), "too_many_pixels"),
        "one line of 2^31": (png(2**31 - 1, 1, b"\0"), "too_many_pixels"),
        "JPEG that grew": (_grown(jpeg), "too_many_pixels"),
        "text that unfolds to 90 MB": (png(10, 10, b"\0" * 310, bomb_text), "broken"),
        "PNG and ZIP": (good + ZIP_END, "polyglot"),
        "PNG and HTML": (good + HTML, "polyglot"),
        "PNG with HTML in its text": (png(1, 1, b"\0\0\0\0", _chunk(b"tEXt", b"c\0" + HTML)), "polyglot"),
        "PNG with PHP in its text": (png(1, 1, b"\0\0\0\0", _chunk(b"tEXt", b"c\0<?php x")), "polyglot"),
        "JPEG and ZIP": (jpeg + ZIP_END, "polyglot"),
        "JPEG with HTML in its comment": (jpeg[:2] + comment + jpeg[2:], "polyglot"),
        "JPEG with a PDF in its comment": (jpeg[:2] + _comment(b"%PDF-1.7") + jpeg[2:], "polyglot"),
        "JPEG and half a JPEG": (jpeg + jpeg[: len(jpeg) // 2], "polyglot"),
        "WebP and HTML": (webp + HTML, "polyglot"),
    }


def _comment(text: bytes) -> bytes:
    return b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text


def _grown(jpeg: bytes) -> bytes:
    """Its header says 60,000 x 60,000."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", 60_000, 60_000) + jpeg[at + 9 :]
