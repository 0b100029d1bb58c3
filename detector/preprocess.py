"""From an image's bytes to uint8 pixels: the one path, for training and for serving."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.decoding import DecodeLimits, decode
from detector.spec import RESAMPLING, PreprocessingSpec


@dataclass(frozen=True)
class Prepared:
    """An image ready for the device: uint8 [3, size, size] in RGB, and its displayed size."""

    pixels: NDArray[np.uint8]
    width: int
    height: int


def prepare(data: bytes, spec: PreprocessingSpec, limits: DecodeLimits) -> Prepared:
    """Decode and preprocess an image; raises ItemError for one that cannot be scored."""
    image = decode(data, limits)
    return Prepared(to_pixels(image, spec), image.width, image.height)


def to_pixels(image: Image.Image, spec: PreprocessingSpec) -> NDArray[np.uint8]:
    """Return the largest centred square of an RGB image, resampled: uint8 [3, size, size]."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.resize(
        (spec.size, spec.size),
        resample=RESAMPLING[spec.resampling],
        box=(left, top, left + side, top + side),
    )
    return np.ascontiguousarray(np.asarray(square, np.uint8).transpose(2, 0, 1))
