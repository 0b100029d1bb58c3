"""What may undo an attack: the picture is encoded or resampled on the way to the detector."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.evaluation.perturbations import encode_again

Pixels = NDArray[np.uint8]


def _as_image(square: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(square.transpose(1, 2, 0)))


def _as_square(image: Image.Image) -> Pixels:
    return np.asarray(image, np.uint8).transpose(2, 0, 1)


def _encoded(quality: int) -> Callable[[Pixels], Pixels]:
    return lambda square: _as_square(encode_again(_as_image(square), "JPEG", quality=quality))


def _halved(square: Pixels) -> Pixels:
    image, kernel = _as_image(square), Image.Resampling.BICUBIC
    half = image.resize((image.width // 2, image.height // 2), kernel)
    return _as_square(half.resize(image.size, kernel))


UNDOINGS: dict[str, Callable[[Pixels], Pixels]] = {
    "": lambda square: square,
    **{f"JPEG {quality}": _encoded(quality) for quality in (90, 75, 50)},
    "half size and back": _halved,
}
