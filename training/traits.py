"""What gives a picture away without its face: the JPEG tables, the colours, what lies around it."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.faces import Face

SIDE, COARSE, BINS = 64, 8, 8
N_FEATURES = 3 * (COARSE * COARSE + BINS)
BLANK = 1.3  # times the longer side of the face's box is painted out
MIDDLE = 0.6  # of both sides is painted out where no face was looked for
# Luminance quantization at quality 50, ITU T.81 table K.1, as the Independent JPEG Group scales it.
_LUMINANCE = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
     14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
     92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
)  # fmt: skip


def jpeg_quality(data: bytes) -> int:
    """Return the quality from 1 to 100 whose luminance table is nearest to a JPEG's, else -1."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            table = getattr(image, "quantization", {}).get(0)
    except (OSError, ValueError, SyntaxError):
        return -1
    if not table:
        return -1
    return int(np.abs(_table_sums() - sum(table)).argmin()) + 1


def _table_sums() -> NDArray[np.int64]:
    """Return the sum of the luminance table at each quality from 1 to 100."""
    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.clip((_LUMINANCE * scale + 50) // 100, 1, 255).sum(axis=1)


def picture_features(image: Image.Image) -> NDArray[np.uint8]:
    """Return coarse pixels and colour histograms of an RGB image: uint8 [216]."""
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    return _features(np.asarray(small))


def blank_features(image: Image.Image, face: Face | None) -> NDArray[np.uint8]:
    """Return the same of the image with the face painted grey, or its middle without one."""
    pixels = np.array(image.resize((SIDE, SIDE), Image.Resampling.BOX))
    left, top, right, bottom = _blanked(image.size, face)
    pixels[top:bottom, left:right] = 128
    return _features(pixels)


def _features(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = SIDE // COARSE
    coarse = pixels.reshape(COARSE, step, COARSE, step, 3).mean(axis=(1, 3))
    counts = [np.histogram(pixels[..., band], BINS, (0, 256))[0] for band in range(3)]
    shares = np.concatenate(counts) * (255 / (SIDE * SIDE))
    return np.concatenate([coarse.ravel(), shares]).astype(np.uint8)


def _blanked(size: tuple[int, int], face: Face | None) -> tuple[int, int, int, int]:
    """Return what is painted out, in cells of the reduced image."""
    width, height = size
    if face is None:
        x, y, half_width, half_height = width / 2, height / 2, width, height
        half_width, half_height = half_width * MIDDLE / 2, half_height * MIDDLE / 2
    else:
        (x, y), half_width = face.centre, face.side * BLANK / 2
        half_height = half_width
    across, down = SIDE / width, SIDE / height
    return (
        max(0, int((x - half_width) * across)),
        max(0, int((y - half_height) * down)),
        int(np.ceil((x + half_width) * across)),
        int(np.ceil((y + half_height) * down)),
    )
