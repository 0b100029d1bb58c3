"""The scale of scores as a verdict's page draws it: the band, and what the model card knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pages.cards import entry, number, score_counts

WIDTH = 1000  # of the scale, from 0 to 1
HEIGHT = 100  # of the highest bar


@dataclass(frozen=True)
class Band:
    """The threshold, and the scores around it that are uncertain."""

    threshold: float
    low: float
    high: float


@dataclass(frozen=True)
class Bars:
    """The scores of test images of one label, as bars: (x, y, width, height)."""

    label: str
    rects: Sequence[tuple[float, float, float, float]]
    below: float  # the share of these images whose scores are in lower bars


def band_of(card: Mapping[str, Any]) -> Band | None:
    """Return the band of a model card, or None for a card without one."""
    threshold, low, high = (
        number(entry(card, "calibration", name)) for name in ("threshold", "band_low", "band_high")
    )
    if threshold is None or low is None or high is None:
        return None
    return Band(threshold, low, high)


def distributions_of(card: Mapping[str, Any], score: float) -> list[Bars]:
    """Return the card's distributions of scores, or nothing for a card that has none."""
    return [
        Bars(label, _rects(counts), _share_below(counts, score))
        for label, counts in zip(("real", "fake"), score_counts(card), strict=True)
        if sum(counts) > 0
    ]


def _rects(counts: Sequence[float]) -> list[tuple[float, float, float, float]]:
    width, highest = WIDTH / len(counts), max(counts)
    heights = [HEIGHT * count / highest for count in counts]
    return [
        (round(at * width, 2), round(HEIGHT - height, 2), round(width, 2), round(height, 2))
        for at, height in enumerate(heights)
    ]


def _share_below(counts: Sequence[float], score: float) -> float:
    step = min(int(score * len(counts)), len(counts) - 1)
    return sum(counts[:step]) / sum(counts)
