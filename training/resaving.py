"""Whether two files hold one picture that was saved twice, by all of their pixels.

Saving again changes a picture a little and all over; who exchanges a face, or a part of one,
changes a part much and leaves the rest.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.cores import usable_cores
from core.errors import ItemError
from detector.preprocess import DecodeLimits, decode

FEW = 64  # pairs that are not worth the start of processes
AT_ONCE = 16  # pairs that a process is given
# Grey levels. A JPEG of quality 60 is off by 2 to 4 on average, and its worst hundredth of pixels
# by 5 to 8 times as much; of faces that were changed by hand, it is 14 times and more.
MOST_MEAN = 4.0
MOST_UNEVEN, UNEVEN_SLACK = 8.0, 2.0

Pair = tuple[Path, Path]


def which_are_resaved(pairs: Sequence[Pair]) -> Iterator[bool]:
    """Yield, in order, whether the two image files of each pair show the same pixels, nearly."""
    if len(pairs) <= FEW:
        yield from map(is_resaved, pairs)
        return
    with ProcessPoolExecutor(usable_cores()) as pool:
        yield from pool.map(is_resaved, pairs, chunksize=AT_ONCE)


def is_resaved(pair: Pair) -> bool:
    """Return whether the pictures, at the resolution of the smaller one, are (almost) equal.

    One may be the mirror of the other. A file that is gone is the same as none.
    """
    try:
        one, other = (_grey(file) for file in pair)
    except (OSError, ItemError):
        return False
    size = min(one.width, other.width), min(one.height, other.height)
    pixels = _pixels(one, size)
    return any(_is_same(pixels, _pixels(way, size)) for way in (other, ImageOps.mirror(other)))


def _grey(file: Path) -> Image.Image:
    return decode(file.read_bytes(), DecodeLimits()).convert("L")


def _pixels(image: Image.Image, size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.float32)


def _is_same(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    apart = np.abs(a - b)
    mean = float(apart.mean())
    worst = float(np.quantile(apart, 0.99))
    return mean <= MOST_MEAN and worst <= MOST_UNEVEN * mean + UNEVEN_SLACK
