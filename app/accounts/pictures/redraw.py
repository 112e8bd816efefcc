"""The picture drawn anew: small, upright, as WebP, and without anything that was not a pixel."""

from __future__ import annotations

import io

# The three decoders by name: PIL would else load all it has, for three times as long.
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from app.accounts.pictures.contents import Contents, Refused

SIDE = 512
QUALITY = 82
_SIXTEEN_TO_EIGHT_BITS = 1 / 256


def redraw(data: bytes, contents: Contents) -> bytes:
    """Raises Refused where the decoder finds another size than the header told; else as the decoder."""
    with Image.open(io.BytesIO(data), formats=[contents.kind]) as picture:
        if picture.size[0] * picture.size[1] > contents.width * contents.height:
            raise Refused("broken")
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))
        orientation = picture.getexif().get(_ORIENTATION, 1)
        small = _plain(picture)
        small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        small.getexif()[_ORIENTATION] = orientation
        upright = ImageOps.exif_transpose(small)
    upright.info.clear()
    drawn = io.BytesIO()
    upright.save(drawn, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return drawn.getvalue()


_ORIENTATION = 0x0112


def _plain(picture: Image.Image) -> Image.Image:
    """As RGB or RGBA, whatever it was. What is so already is not copied: that is where memory would go."""
    if picture.mode in ("RGB", "RGBA") and "transparency" not in picture.info:
        picture.load()
        return picture
    if picture.mode.startswith("I"):
        deep = picture.convert("I")
        return deep.point(lambda value: value * _SIXTEEN_TO_EIGHT_BITS).convert("L").convert("RGB")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
