"""The scale of scores as a verdict's page draws it: the band, and what the model card knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    try:
        found = card["calibration"]
        return Band(*(float(found[name]) for name in ("threshold", "band_low", "band_high")))
    except (KeyError, TypeError, ValueError):
        return None


def distributions_of(card: Mapping[str, Any], score: float) -> list[Bars]:
    """Return the card's distributions of scores, or nothing for a card that has none.

    `score_distributions` counts the scores of real and of fake test images in equal steps from 0
    to 1.
    """
    try:
        counted = {label: list(map(float, found)) for label, found in _counts(card).items()}
    except (AttributeError, TypeError, ValueError):
        return []
    return [
        Bars(label, _rects(counts), _share_below(counts, score))
        for label, counts in counted.items()
        if sum(counts) > 0
    ]


def measures_of(card: Mapping[str, Any]) -> dict[str, float]:
    """Return what the card says of its test images: `n`, `auc`, `false_fake_rate`, `recall`."""
    try:
        found = card["metrics"]["test"]
        names = ("n", "auc", "false_fake_rate", "recall")
        return {name: float(found[name]) for name in names if found.get(name) is not None}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _counts(card: Mapping[str, Any]) -> dict[str, Sequence[float]]:
    found = card.get("score_distributions") or {}
    return {label: found[label] for label in ("real", "fake") if found.get(label)}


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
