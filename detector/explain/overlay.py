"""A heatmap as a picture to lay over the image: see-through where nothing speaks for the verdict.

Its colours go from amber to magenta, which stand out from light grounds and from dark ones, and
get denser with the heat, so that it reads without colours as well.
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.explain import Heatmap
from detector.square import Square

LEVELS = 256
LONGEST_SIDE = 1024  # of the picture; a larger image gets one to be enlarged
# Of the heat, with a colour and an opacity for each. Attention has a little for every cell, which
# is not to lie over all of the face as a haze.
STOPS = (0.0, 0.1, 0.3, 0.6, 1.0)
COLOURS = (
    (255, 190, 0, 0),
    (255, 180, 0, 8),
    (255, 165, 0, 90),
    (250, 80, 40, 175),
    (230, 20, 120, 217),
)


@dataclass(frozen=True)
class Overlay:
    """A PNG, and the part of the displayed image that it covers: (x0, y0, x1, y1) in pixels."""

    png: bytes
    box: tuple[int, int, int, int]


def overlay_face(heat: Heatmap, square: Square) -> Overlay:
    """Return the heat of a face's square as a picture of its size.

    That of a face that was turned level is turned back; what leaves the square then is cut off.
    """
    levels = _smooth(heat, min(square.side, LONGEST_SIDE))
    turned = levels.rotate(-square.degrees, Image.Resampling.BILINEAR)
    return Overlay(_png(turned), square.box)


def overlay_image(heat: Heatmap, square: Square, *, width: int, height: int) -> Overlay:
    """Return the heat of an image's square as a picture of all the image."""
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    whole = Image.new("L", (max(1, round(width * scale)), max(1, round(height * scale))))
    levels = _smooth(heat, max(1, round(square.side * scale)))
    whole.paste(levels, (round(square.left * scale), round(square.top * scale)))
    return Overlay(_png(whole), (0, 0, width, height))


def palette() -> NDArray[np.uint8]:
    """Return the colour and the opacity of each level, uint8 [256, 4]; of the first, none."""
    at = np.linspace(0, 1, LEVELS)
    channels = [np.interp(at, STOPS, channel) for channel in zip(*COLOURS, strict=True)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def _smooth(heat: Heatmap, side: int) -> Image.Image:
    """Return the heat as the levels of a picture, without the edges of its cells."""
    wide = Image.fromarray(heat).resize((side, side), Image.Resampling.BICUBIC)
    levels = np.clip(np.asarray(wide), 0, 1) * (LEVELS - 1)
    return Image.fromarray(levels.round().astype(np.uint8))


def _png(levels: Image.Image) -> bytes:
    colours = palette()
    picture = Image.fromarray(np.asarray(levels), "P")
    picture.putpalette(colours[:, :3].tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=colours[:, 3].tobytes(), optimize=True)
    return buffer.getvalue()
