"""Bootstrap intervals (Efron, "Bootstrap Methods", 1979), by resampling whole groups of images.

Frames of a video, or near duplicates, say nearly the same thing: to resample them one by one would
make an interval narrower than what another test set could give.
"""

from collections.abc import Iterator

import numpy as np

from training.metrics.ranking import Floats, Labels

SHARE = 0.95  # of the rounds that an interval holds
BLOCK = 2**18  # weights that are made at a time, for the processor's cache


def weightings(groups: Labels, *, rounds: int, seed: int) -> Iterator[Floats]:
    """Yield blocks of weights [some rounds, n]: how often each image is in a resample.

    `groups` [n] names the group of each image; as many groups are drawn, with replacement, as
    there are. The same seed draws the same.
    """
    names, member = np.unique(groups, return_inverse=True)
    draw = np.random.default_rng(seed)
    block = max(1, BLOCK // max(1, len(groups)))
    for start in range(0, rounds, block):
        size = min(block, rounds - start)
        drawn = draw.integers(0, len(names), (size, len(names)))
        drawn += np.arange(size)[:, None] * len(names)
        counts = np.bincount(drawn.ravel(), minlength=size * len(names)).reshape(size, -1)
        yield np.take(counts.astype(np.float64), member, axis=1)


def interval(values: Floats, estimate: float) -> tuple[float, float] | None:
    """Return the percentile interval of the rounds' values, widened to hold the estimate.

    NaN stands for a round in which the value is undefined; where that are more than half of the
    rounds, there is no interval.
    """
    defined = values[~np.isnan(values)]
    if len(defined) == 0 or 2 * len(defined) < len(values):
        return None
    low, high = np.quantile(defined, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return min(float(low), estimate), max(float(high), estimate)
