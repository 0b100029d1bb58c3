"""The bytes of files that a folder of a million images does hold: damaged, odd, or no image."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

ORIENTATION = 0x0112  # the EXIF tag
TURN_RIGHT = 6  # its value for "turn by 90 degrees clockwise to see it upright"


def encoded(picture: Image.Image, kind: str, **options: int | bool) -> bytes:
    """Return the picture as a file of the kind: `JPEG`, `PNG`, `WEBP`, ..."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(picture: Image.Image, *, quality: int = 90) -> bytes:
    """Return the picture as a JPEG."""
    return encoded(picture, "JPEG", quality=quality)


def truncated_jpeg(picture: Image.Image) -> bytes:
    """Return a JPEG that ends after half of its bytes, as an upload that broke off."""
    whole = jpeg(picture)
    return whole[: len(whole) // 2]


def turned_jpeg(picture: Image.Image) -> bytes:
    """Return a JPEG that lies on its side, with an EXIF note that tells how to turn it."""
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    lying = picture.transpose(Image.Transpose.ROTATE_90)
    buffer = io.BytesIO()
    lying.save(buffer, "JPEG", quality=85, exif=exif)
    return buffer.getvalue()


def animated_gif(frames: Sequence[Image.Image], *, frame_ms: int = 400) -> bytes:
    """Return the frames as a GIF that plays without end."""
    buffer = io.BytesIO()
    first, *rest = frames
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=frame_ms, loop=0)
    return buffer.getvalue()


def sixteen_bit_png(picture: Image.Image) -> bytes:
    """Return the picture as a greyscale PNG of 16 bits a pixel."""
    levels = np.asarray(picture.convert("L")).astype("uint16") * 257
    return encoded(Image.fromarray(levels), "PNG")


def palette_png(picture: Image.Image) -> bytes:
    """Return the picture as a PNG of 32 indexed colours."""
    return encoded(picture.quantize(32), "PNG", optimize=True)


def cmyk_jpeg(picture: Image.Image) -> bytes:
    """Return the picture as a JPEG in the four colours of print."""
    return jpeg(picture.convert("CMYK"), quality=85)


def text() -> bytes:
    """Return the bytes of a text file."""
    return b"This is no image. A folder of a million files has some like it.\n"
