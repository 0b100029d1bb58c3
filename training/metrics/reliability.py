"""How true scores are as probabilities: the share of fakes among images of about one score.

The expected calibration error is that of Naeini et al. (AAAI 2015), over bins of equal width.
"""

from dataclasses import dataclass

import numpy as np

from training.metrics.ranking import Floats, Labels, share

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """The bins that hold images, and the expected calibration error over all of them."""

    mean_scores: list[float]
    fake_shares: list[float]
    counts: list[int]
    expected_calibration_error: float


def reliability(scores: Floats, labels: Labels) -> Reliability:
    """Compare the scores of each non-empty bin with the share of fakes in it."""
    bins = _bins(scores)
    filled = [bins == number for number in np.unique(bins)]
    error = calibration_errors(scores, labels, np.ones((1, len(labels))))
    return Reliability(
        mean_scores=[float(scores[inside].mean()) for inside in filled],
        fake_shares=[float((labels[inside] == 1).mean()) for inside in filled],
        counts=[int(inside.sum()) for inside in filled],
        expected_calibration_error=float(error[0]),
    )


def calibration_errors(scores: Floats, labels: Labels, weights: Floats) -> Floats:
    """Return the expected calibration error [rounds] under weights [rounds, n].

    It is the mean distance of a bin's scores from its share of fakes, by the weight of the bin.
    """
    excess = np.zeros((len(scores), BINS))
    excess[np.arange(len(scores)), _bins(scores)] = scores - (labels == 1)
    return share(np.abs(weights @ excess).sum(axis=1), weights.sum(axis=1))


def _bins(scores: Floats) -> Labels:
    return np.minimum((scores * BINS).astype(int), BINS - 1)
