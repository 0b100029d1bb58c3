"""Files that Pillow would take minutes or gigabytes over, told before it does; found by fuzzing."""

import struct

from PIL import Image

from core.errors import ItemError
from core.terms import ItemCode

# One tile of 16 x 16 pixels or one row a strip, of any image that is accepted, is fewer or
# hardly more. Pillow lists them all: five million, in a file of 20 MB, take a minute and 1.2 GB.
MAX_STRIPS = 65_536
_STRIP_TAGS = (273, 324)
# These Pillow decodes in Python, holding up every other thread: 20 MB take half a minute.
SLOW_CODECS = frozenset({"ppm", "ppm_plain", "bmp_rle"})
MAX_SLOW_BYTES = 1024 * 1024


def require_few_strips(data: bytes) -> None:
    """Raise ItemError for a TIFF file of too many strips or tiles; to be asked before opening."""
    orders = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}
    order = orders.get(data[:4])
    if order is None:
        return
    is_big = b"+" in data[:4]
    first, count, entry = ("8xQ", "Q", "HHQ8x") if is_big else ("4xL", "H", "HHL4x")
    try:
        (position,) = struct.unpack_from(order + first, data)
        (entries,) = struct.unpack_from(order + count, data, position)
        position += struct.calcsize(order + count)
        for number in range(min(entries, MAX_STRIPS)):
            tag, _, strips = struct.unpack_from(
                order + entry, data, position + number * struct.calcsize(order + entry)
            )
            if tag in _STRIP_TAGS and strips > MAX_STRIPS:
                raise ItemError(
                    ItemCode.TOO_LARGE,
                    f"The TIFF file has {strips:,} strips or tiles; at most {MAX_STRIPS:,} are "
                    "accepted. Save it with larger ones.",
                )
    except struct.error:
        return  # it is damaged, which decoding will say


def require_fast(image: Image.Image, data: bytes) -> None:
    """Raise ItemError for an opened image that takes too long to decode for its size."""
    codecs = {tile[0] for tile in getattr(image, "tile", ())}
    if len(data) > MAX_SLOW_BYTES and codecs & SLOW_CODECS:
        raise ItemError(
            ItemCode.TOO_LARGE,
            f"A file of this kind of {image.format} takes long to decode; at most "
            f"{MAX_SLOW_BYTES:,} bytes of it are accepted. Convert it to PNG.",
        )
