"""Whether a heatmap shows what the score depends on: deletion and insertion.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC
2018. The cells are hidden from the hottest on, and the score of the verdict should fall soon; or
they come back into a blurred square from the hottest on, and it should rise soon. Each gives an
area under the curve of the score: low is good in deletion, high in insertion.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.special import expit

from detector.engines import Engine
from detector.explain import Heatmap

STEPS = 14  # in which all cells are hidden, or come back
BLUR_PART = 0.05  # of the side: the radius at which no face is told from another


@dataclass(frozen=True)
class Faithfulness:
    """The areas under both curves, from 0 to 1, mean over squares."""

    deletion: float
    insertion: float

    @property
    def gain(self) -> float:
        """Insertion above deletion: 0 for a heatmap of chance, the larger the better."""
        return self.insertion - self.deletion


def faithfulness(
    engine: Engine,
    squares: Sequence[NDArray[np.uint8]],
    explain: Callable[[NDArray[np.uint8], bool], Heatmap],
    *,
    temperature: float = 1.0,
) -> Faithfulness:
    """Measure heatmaps of squares, uint8 [3, size, size]; `explain` makes one for a verdict.

    It is given the square, and whether it was found fake.
    """
    deletions, insertions = [], []
    for pixels in squares:
        is_fake = bool(engine.forward(pixels[np.newaxis])[0] > 0)
        order = _spread(explain(pixels, is_fake), pixels.shape[-1])
        mean = np.broadcast_to(pixels.mean(axis=(1, 2), keepdims=True), pixels.shape)
        for start, end, areas in (
            (pixels, mean.astype(np.uint8), deletions),
            (_blurred(pixels), pixels, insertions),
        ):
            margins = engine.forward(_between(start, end, order)) / temperature
            scores = expit(margins if is_fake else -margins)
            areas.append(float(np.trapezoid(scores, dx=1 / STEPS)))
    return Faithfulness(float(np.mean(deletions)), float(np.mean(insertions)))


def _spread(heat: Heatmap, size: int) -> NDArray[np.float64]:
    """Return each pixel's place in the order of heat, that of its cell, from 0 to below 1."""
    order = np.argsort(np.argsort(-heat, axis=None, kind="stable")).reshape(heat.shape)
    rows, columns = (np.arange(size) * side // size for side in heat.shape)
    return order[np.ix_(rows, columns)] / heat.size


def _between(
    start: NDArray[np.uint8], end: NDArray[np.uint8], order: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Return the square on its way from `start` to `end`, uint8 [steps + 1, 3, size, size]."""
    parts = np.linspace(0, 1, STEPS + 1)
    return np.stack([np.where(order < part, end, start) for part in parts])


def _blurred(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels.transpose(1, 2, 0))
    blurred = image.filter(ImageFilter.GaussianBlur(BLUR_PART * pixels.shape[-1]))
    return np.asarray(blurred, np.uint8).transpose(2, 0, 1)
