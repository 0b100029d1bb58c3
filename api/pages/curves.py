"""The curves that a model card's distributions of scores hold: ROC, and how true scores are.

The distributions count test images in equal steps of scores, so each step's edge is an exact point
of the ROC, and each step an exact share of fakes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.pages.cards import entry, number, score_counts


@dataclass(frozen=True)
class RocPoint:
    """Where so large a share of the reals is flagged, that share of the fakes is found."""

    reals_flagged: float
    fakes_found: float


@dataclass(frozen=True)
class ReliabilityPoint:
    """Of so many test images with a score between the two, that share is fake."""

    low: float
    high: float
    fakes: float
    n: int

    @property
    def middle(self) -> float:
        """The score in the middle."""
        return (self.low + self.high) / 2


def roc_of(card: Mapping[str, Any]) -> list[RocPoint]:
    """Return the points that the card knows, in order of the reals flagged; at most one for each.

    They come from the distributions and from `tpr_at_fpr`; a card may lack either, or both.
    """
    found = entry(card, "metrics", "test", "tpr_at_fpr")
    points = [
        (_share(name), number(value))
        for name, value in (found.items() if isinstance(found, Mapping) else ())
    ]
    real, fake = score_counts(card)
    if sum(real) and sum(fake):
        points += [
            (sum(real[at:]) / sum(real), sum(fake[at:]) / sum(fake)) for at in range(len(real) + 1)
        ]
    best: dict[float, float] = {}
    for flagged, caught in points:
        if flagged is not None and caught is not None:
            best[flagged] = max(caught, best.get(flagged, 0.0))
    return [RocPoint(*point) for point in sorted(best.items())]


def reliability_of(card: Mapping[str, Any]) -> list[ReliabilityPoint]:
    """Return the share of fakes among test images of about one score, for steps that hold any."""
    real, fake = score_counts(card)
    step = 1 / max(len(real), 1)
    return [
        ReliabilityPoint(at * step, (at + 1) * step, fake[at] / n, int(n))
        for at in range(len(real))
        if (n := real[at] + fake[at]) > 0
    ]


def _share(name: object) -> float | None:
    try:
        share = float(str(name))
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
