"""What a model card says, read with care: older and newer cards differ, and may lack anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from flask_babel import gettext

from api.pages.words import METRICS

COUNTS = ("n", "n_real", "n_fake")


@dataclass(frozen=True)
class Confusion:
    """Counts at the threshold."""

    true_fake: int
    false_fake: int
    true_real: int
    false_real: int

    def share(self, cell: str) -> float | None:
        """Return the cell's share of all images that really are so, None where there are none."""
        fakes, reals = self.true_fake + self.false_real, self.true_real + self.false_fake
        total = fakes if cell in ("true_fake", "false_real") else reals
        return getattr(self, cell) / total if total else None


@dataclass(frozen=True)
class Measure:
    """How a version does on one set of images; a metric that the card has not is not there."""

    name: str
    counts: Mapping[str, int]
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    confusion: Confusion | None
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Measures that belong together, such as those of the sources it was trained on."""

    title: str
    measures: Sequence[Measure]


def sections_of(card: Mapping[str, Any]) -> list[Section]:
    """Return what was measured, by the sets of images that it was measured on."""
    metrics = entry(card, "metrics")
    unseen = entry(metrics, "unseen_sources")
    whole = entry(metrics, "scored_whole")
    found = [
        Section(
            gettext("Test images of the sources it was trained on"),
            [*_one(gettext("All"), overall_entry(card)), *_each(entry(metrics, "sources"))],
        ),
        Section(
            gettext("Sources it never saw"),
            [*_one(gettext("All"), entry(unseen, "overall")), *_apart(unseen)],
        ),
        Section(
            gettext("The same images scored whole, without looking for faces"),
            [one for part in (whole if isinstance(whole, list) else []) for one in _apart(part)],
        ),
        Section(
            gettext("Validation images"), list(_one(gettext("All"), entry(metrics, "validation")))
        ),
    ]
    return [section for section in found if section.measures]


def overall_of(card: Mapping[str, Any]) -> Measure | None:
    """Return the measure of all test images, if the card has it."""
    return next(iter(_one(gettext("All"), overall_entry(card))), None)


def overall_entry(card: Mapping[str, Any]) -> object:
    """Return the card's entry of all test images, which older cards split over two places."""
    found, error = entry(card, "metrics", "test"), entry(card, "metrics", _OLDER_ERROR)
    if isinstance(found, Mapping) and found.get("calibration_error") is None:
        return {**found, "calibration_error": error}
    return found


def entry(card: object, *path: str) -> object:
    """Return what lies under the names, one within the other; None where nothing does."""
    for name in path:
        card = card.get(name) if isinstance(card, Mapping) else None
    return card


def number(value: object) -> float | None:
    """Return a number of the card, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


def text(value: object) -> str | None:
    """Return a text of the card, None for anything else."""
    return value.strip() or None if isinstance(value, str) else None


def texts(value: object) -> list[str]:
    """Return the texts of a list of the card."""
    return [said for one in value if (said := text(one))] if isinstance(value, list) else []


def score_counts(card: object) -> tuple[Sequence[float], Sequence[float]]:
    """Return how many real and how many fake test images have scores in each of equal steps.

    Both are empty unless both are there in full.
    """
    lists = [entry(card, "score_distributions", label) for label in ("real", "fake")]
    read = [[number(one) for one in found] if isinstance(found, list) else [] for found in lists]
    real, fake = ([one for one in found if one is not None and one >= 0] for found in read)
    whole = len(real) == len(fake) == len(read[0]) == len(read[1])
    return (real, fake) if whole else ([], [])


_OLDER_ERROR = "test_expected_calibration_error"


def _apart(found: object) -> Iterator[Measure]:
    """Yield the measures of each source, then those of pairs of them."""
    yield from _each(entry(found, "sources"))
    yield from _each(entry(found, "pairs"))


def _each(found: object) -> Iterator[Measure]:
    for name, one in found.items() if isinstance(found, Mapping) else ():
        yield from _one(str(name), one)


def _one(name: str, found: object) -> Iterator[Measure]:
    if not isinstance(found, Mapping):
        return
    counts = {key: int(value) for key in COUNTS if (value := number(found.get(key))) is not None}
    values = {key: value for key in METRICS if (value := number(found.get(key))) is not None}
    confusion = _confusion(found.get("confusion"))
    if counts or values or confusion:
        note = text(found.get("note")) or ""
        yield Measure(name, counts, values, _intervals(found.get("intervals")), confusion, note)


def _intervals(found: object) -> dict[str, tuple[float, float]]:
    pairs = {
        key: [number(end) for end in pair] if isinstance(pair, list | tuple) else []
        for key, pair in (found.items() if isinstance(found, Mapping) else ())
    }
    return {
        key: (pair[0], pair[1])
        for key, pair in pairs.items()
        if len(pair) == 2 and pair[0] is not None and pair[1] is not None
    }


def _confusion(found: object) -> Confusion | None:
    names = ("true_fake", "false_fake", "true_real", "false_real")
    cells = [number(entry(found, name)) for name in names]
    return None if None in cells else Confusion(*(int(cell or 0) for cell in cells))
