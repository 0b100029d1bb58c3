"""How well scores rank fakes above reals, under many weightings of the same images at once.

The scores are sorted once; each weighting (a bootstrap round, or all ones) then costs a few passes
over its row. What a weighting leaves undefined is NaN here, and `measurement` makes it None.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Ranking:
    """Weights of the fakes and of the reals whose score reaches a cut, for falling cuts.

    Both are [rounds, cuts]: the first cut is above every score (0), then comes each distinct score,
    so the last holds all images. Images of equal score are never told apart.
    """

    fakes: Floats
    reals: Floats


def rank(scores: Floats, labels: Labels, weights: Floats) -> Ranking:
    """Return the ranking of scores [n] with labels [n] under weights [rounds, n]."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], falling[1:] != falling[:-1]]))
    sorted_weights = np.take(weights, order, axis=1)
    is_fake = labels[order] == 1

    def reaching(chosen: NDArray[np.bool_]) -> Floats:
        of_score = np.add.reduceat(sorted_weights * chosen, starts, axis=1)
        return np.pad(np.cumsum(of_score, axis=1), ((0, 0), (1, 0)))

    return Ranking(reaching(is_fake), reaching(~is_fake))


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, and NaN where there is no whole."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def area_under_roc(ranking: Ranking) -> Floats:
    """Return the chance [rounds] that a fake outscores a real; a tie counts half."""
    pairs = np.sum(np.diff(ranking.fakes) * _halfway(ranking.reals), axis=1)
    whole = ranking.fakes[:, -1] * ranking.reals[:, -1]
    return 1 - share(pairs, whole)


def average_precision(ranking: Ranking) -> Floats:
    """Return the mean precision [rounds] over the fakes, without interpolation."""
    precision = share(ranking.fakes, ranking.fakes + ranking.reals)[:, 1:]
    gained = np.diff(ranking.fakes)
    weighted = np.where(gained > 0, gained * np.nan_to_num(precision), 0)
    return share(weighted.sum(axis=1), ranking.fakes[:, -1])


def equal_error_rate(ranking: Ranking) -> Floats:
    """Return the share [rounds] where as many reals are flagged as fakes are missed.

    Between two cuts the ROC curve is taken as a straight line, as its area is.
    """
    flagged = share(ranking.reals, ranking.reals[:, -1:])
    missed = 1 - share(ranking.fakes, ranking.fakes[:, -1:])
    gap = flagged - missed  # rises from -1 to 1
    after = np.argmax(gap >= 0, axis=1)
    rows = np.arange(len(gap))
    before = np.maximum(after - 1, 0)
    rise = gap[rows, after] - gap[rows, before]
    way = share(-gap[rows, before], rise)
    return flagged[rows, before] + way * (flagged[rows, after] - flagged[rows, before])


def tpr_at_fpr(ranking: Ranking, fpr: float) -> Floats:
    """Return the largest share of fakes found [rounds] where at most `fpr` of the reals are."""
    flagged = share(ranking.reals, ranking.reals[:, -1:])
    found = share(ranking.fakes, ranking.fakes[:, -1:])
    highest = np.max(np.where(flagged <= fpr, found, 0), axis=1)
    return np.where(np.isnan(flagged[:, -1]), np.nan, highest)


def _halfway(counts: Floats) -> Floats:
    """Return, at each score, the weight above it and half of that at it."""
    return (counts[:, 1:] + counts[:, :-1]) / 2
