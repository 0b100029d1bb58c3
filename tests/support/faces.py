"""Faces to test with: made up, or photographs of the examples, which are free."""

import math
from pathlib import Path

from PIL import Image, ImageOps

from detector.faces import Face

EXAMPLES = Path(__file__).parents[2] / "examples" / "images"
_FROM_CENTRE = ((-0.2, -0.1), (0.2, -0.1), (0.0, 0.05), (-0.15, 0.2), (0.15, 0.2))


def face_at(
    box: tuple[float, float, float, float], *, tilt: float = 0.0, score: float = 0.9
) -> Face:
    """Return a face in the box, whose landmarks are turned by `tilt` degrees, clockwise."""
    x0, y0, x1, y1 = box
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    landmarks = tuple(
        (
            (x0 + x1) / 2 + (x1 - x0) * (right * cos - down * sin),
            (y0 + y1) / 2 + (x1 - x0) * (right * sin + down * cos),
        )
        for right, down in _FROM_CENTRE
    )
    return Face(box, score, landmarks)


def portrait(name: str = "nasa-portrait") -> Image.Image:
    """Return a photograph of the examples, RGB and upright."""
    with Image.open(EXAMPLES / "photos" / f"{name}.jpg") as image:
        return ImageOps.exif_transpose(image).convert("RGB")
