"""Occlusion: how much less the network is of its opinion when a part of the square is hidden.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014. It asks the
network itself, so any engine will do; it takes a forward pass for each place.
"""

import numpy as np
from numpy.typing import NDArray

from detector.engines import Engine
from detector.explain import Heatmap, scaled

BATCH = 16
PARTS = 14  # places in a row, and in a column
WINDOWS = 7  # that fit into a row: with more places they overlap, so that no edge stays hidden


def occlusion(
    engine: Engine, pixels: NDArray[np.uint8], *, towards_fake: bool, parts: int = PARTS
) -> Heatmap:
    """Return the heatmap, float32 [parts, parts], of a square, uint8 [3, size, size].

    What is hidden gets the square's mean colour.
    """
    size = pixels.shape[-1]
    step = size / parts
    reach = size / WINDOWS / 2
    mean = pixels.mean(axis=(1, 2)).astype(np.uint8)[:, np.newaxis, np.newaxis]
    hidden = np.repeat(pixels[np.newaxis], parts * parts, axis=0)
    for place in range(parts * parts):
        row, column = divmod(place, parts)
        rows, columns = (_span((at + 0.5) * step, reach, size) for at in (row, column))
        hidden[place, :, rows, columns] = mean
    whole = engine.forward(pixels[np.newaxis])[0]
    margins = np.concatenate(
        [engine.forward(hidden[start : start + BATCH]) for start in range(0, len(hidden), BATCH)]
    )
    lost = (whole - margins) if towards_fake else (margins - whole)
    return scaled(lost.reshape(parts, parts))


def _span(centre: float, reach: float, size: int) -> slice:
    return slice(max(0, round(centre - reach)), min(size, round(centre + reach)))
