"""From untrusted bytes to an RGB image, upright, or to a sentence that says why not.

The format comes from an allowlist, sizes are checked in the header before anything is decoded,
and whatever Pillow raises on a damaged file becomes an `ItemError`.
"""

import io
import struct
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from core.errors import ItemError, NotApplicableError
from core.terms import ItemCode
from detector.hazards import require_fast, require_few_strips

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")
BACKGROUND = (255, 255, 255)  # what shows through transparent pixels
ON_A_SIDE = (5, 6, 7, 8)  # orientations of EXIF
ROWS = 256  # of an image that are looked at together
# What Pillow lets through on damaged or hostile files, found by fuzzing.
DAMAGED = (
    OSError,
    ValueError,
    RuntimeError,
    TypeError,
    SyntaxError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    EOFError,
    MemoryError,
    struct.error,
)


@dataclass(frozen=True)
class DecodeLimits:
    """What is decoded at all; larger images are `too_large`, smaller ones not applicable."""

    max_bytes: int = 20 * 1024**2
    max_pixels: int = 64_000_000
    max_side: int = 16_384
    min_side: int = 32


@dataclass(frozen=True)
class Decoded:
    """An image in RGB, upright, and how large it was before it was decoded at a smaller size."""

    image: Image.Image
    width: int
    height: int


def decode(data: bytes, limits: DecodeLimits) -> Image.Image:
    """Return the image as RGB, turned as its EXIF says; of an animation, the first frame.

    Raises ItemError (`undecodable`, `too_large`, `unsupported_type`) and NotApplicableError
    (`image_too_small`), each with a sentence.
    """
    return decode_reduced(data, limits, least_side=None).image


def decode_reduced(data: bytes, limits: DecodeLimits, *, least_side: int | None) -> Decoded:
    """Decode as `decode` does; a JPEG may come out smaller, if no side gets below `least_side`.

    The decoder then skips the detail that would be scaled away, which takes half of the time.
    """
    if len(data) > limits.max_bytes:
        raise _too_large(f"The file has {len(data):,} bytes; at most {limits.max_bytes:,}")
    try:
        return _decode(data, limits, least_side)
    except ItemError:
        raise
    except UnidentifiedImageError as error:
        raise _unidentified(data) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(
            f"The image has far more pixels than fit; at most {limits.max_pixels:,}"
        ) from error
    except DAMAGED as error:
        raise ItemError(
            ItemCode.UNDECODABLE,
            f"The image is damaged or incomplete ({error}); send an intact copy.",
        ) from error


def _decode(data: bytes, limits: DecodeLimits, least_side: int | None) -> Decoded:
    require_few_strips(data)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        # Stricter than Pillow's own bomb check, and before any pixel is decoded.
        _require_size(image.size, limits)
        require_fast(image, data)
        stored = image.size
        if least_side is not None and image.format == "JPEG" and min(stored) > least_side:
            part = least_side / min(stored)
            image.draft(image.mode, (ceil(stored[0] * part), ceil(stored[1] * part)))
        image.load()
        upright = _to_rgb(_upright(image))
        return Decoded(upright, *(reversed(stored) if _lies_on_a_side(image) else stored))


def _upright(image: Image.Image) -> Image.Image:
    """Turn the image as its EXIF says; EXIF that cannot be read says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except DAMAGED:
        return image


def _lies_on_a_side(image: Image.Image) -> bool:
    """Return whether `_upright` exchanges the sides."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation) in ON_A_SIDE
    except DAMAGED:
        return False


def _require_size(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    if max(size) > limits.max_side or width * height > limits.max_pixels:
        raise _too_large(
            f"The image is {width:,} x {height:,} pixels; at most {limits.max_side:,} a side "
            f"and {limits.max_pixels:,} in all"
        )
    if min(size) < limits.min_side:
        raise NotApplicableError(
            ItemCode.IMAGE_TOO_SMALL,
            f"The image is {width} x {height} pixels; below {limits.min_side} a side "
            "there is nothing to judge. Send a larger copy.",
        )


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_grey(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        opaque = Image.new("RGB", layer.size, BACKGROUND)
        opaque.paste(layer, mask=layer.getchannel("A"))
        return opaque
    return image.convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit and wider grey to 8 bits; Pillow's own conversion would clip it.

    Some rows at a time: as numbers, a large image would take gigabytes.
    """
    starts = range(0, image.height, ROWS)
    brightest = max(
        values.max(initial=0, where=np.isfinite(values))
        for values in (_rows(image, start) for start in starts)
    )
    tops = (1.0, 255.0) if image.mode == "F" else (255.0,)
    top = next((limit for limit in tops if brightest <= limit), 65535.0)
    grey = np.empty((image.height, image.width), np.uint8)
    for start in starts:
        scaled = np.nan_to_num(_rows(image, start)) / top * 255
        grey[start : start + ROWS] = np.clip(scaled, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _rows(image: Image.Image, start: int) -> NDArray[np.float64]:
    box = (0, start, image.width, min(start + ROWS, image.height))
    return np.asarray(image.crop(box), np.float64)


def _too_large(what: str) -> ItemError:
    return ItemError(ItemCode.TOO_LARGE, f"{what} are accepted. Scale the image down.")


def _unidentified(data: bytes) -> ItemError:
    if not data:
        return ItemError(ItemCode.UNDECODABLE, "The file is empty; send it again.")
    return ItemError(
        ItemCode.UNSUPPORTED_TYPE,
        f"The file is not an image of a supported format ({', '.join(FORMATS)}), "
        "whatever its name says. Convert it to one of them.",
    )
