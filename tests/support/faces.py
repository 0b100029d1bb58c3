"""Faces to test with: made up, or photographs of the examples, which are free."""

import math
from collections.abc import Sequence
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


def example(name: str = "photos/nasa-portrait") -> Path:
    """Return the file of an example."""
    return EXAMPLES / f"{name}.jpg"


def portrait(name: str = "photos/nasa-portrait") -> Image.Image:
    """Return a photograph of the examples, RGB and upright."""
    with Image.open(example(name)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection over union of two boxes (x0, y0, x1, y1)."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, across) * max(0.0, down)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common)
