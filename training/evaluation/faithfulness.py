"""Whether a heatmap shows what the score depends on: deletion and insertion.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC
2018. The cells are hidden from the hottest on, and the score of the verdict should fall soon; or
they come back into a blurred square from the hottest on, and it should rise soon. Each gives an
area under the curve of the score: low is good in deletion, high in insertion.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from detector.engines import Engine
from detector.explain import Heatmap

STEPS = 14  # in which all cells are hidden, or come back
BLUR_PART = 0.05  # of the side: the radius at which no face is told from another

Score = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True)
class Faithfulness:
    """The areas under both curves, from 0 to 1."""

    deletion: float
    insertion: float

    @property
    def gain(self) -> float:
        """Insertion above deletion: the larger, the better."""
        return self.insertion - self.deletion


def faithfulness(
    engine: Engine, pixels: NDArray[np.uint8], heat: Heatmap, score: Score
) -> Faithfulness:
    """Measure the heatmap of a square, uint8 [3, size, size].

    `score` returns the scores of the verdict that it is for, float64 [n], of margins, float32 [n].
    """
    order = _spread(heat, pixels.shape[-1])
    mean = np.broadcast_to(pixels.mean(axis=(1, 2), keepdims=True), pixels.shape)
    ways = ((pixels, mean.astype(np.uint8)), (_blurred(pixels), pixels))
    deletion, insertion = (
        float(np.trapezoid(score(engine.forward(_between(*way, order))), dx=1 / STEPS))
        for way in ways
    )
    return Faithfulness(deletion, insertion)


def _spread(heat: Heatmap, size: int) -> NDArray[np.float64]:
    """Return each pixel's place in the order of heat, that of its cell, from 0 to below 1.

    Cells of equal heat, such as those of none, are put in an order of chance, always the same one.
    """
    chance = np.random.default_rng(0).random(heat.size)
    order = np.argsort(np.lexsort((chance, -heat.ravel()))).reshape(heat.shape)
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
