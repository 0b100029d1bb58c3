"""Heatmaps: which parts of a square speak for the verdict that it got.

A heatmap is float32 [rows, columns], one cell a patch of the network or of the occlusion, from 0
(says nothing) to 1 (says most). It tells what the network looked at, not what was done to the
picture.
"""

import numpy as np
from numpy.typing import NDArray

Heatmap = NDArray[np.float32]


def scaled(values: NDArray[np.floating]) -> Heatmap:
    """Return the values without what speaks against the verdict, the largest as 1."""
    positive = np.clip(values, 0, None).astype(np.float32)
    return positive / np.float32(positive.max(initial=0) or 1)
