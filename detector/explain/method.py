"""The way in which heatmaps of verdicts are made: exchange it here, and nowhere else."""

import numpy as np
from numpy.typing import NDArray

from detector.engines import Engine
from detector.explain import Heatmap
from detector.explain.occlusion import occlusion


def explain(engine: Engine, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:
    """Return the heatmap, float32 [rows, columns], of a square, uint8 [3, size, size].

    It is for one verdict: what speaks for fake, or for real. It takes some 200 forward passes.
    """
    return occlusion(engine, pixels, towards_fake=towards_fake)
