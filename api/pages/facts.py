"""What a model card tells of a version beside its measures, as words and values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from api.pages.cards import entry, number, text
from api.pages.numbers import number as with_separators
from api.pages.numbers import share, three

SAID_NOTHING = _("The card does not say.")


@dataclass(frozen=True)
class DataCount:
    """How many images of a source, with a label, were in a split."""

    source: str
    label: str
    split: str
    n: int


def facts_of(card: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts by their words; where the card lacks one, the value says so."""
    found = {
        gettext("Published"): text(entry(card, "published_at")),
        gettext("Backbone"): _backbone(card),
        gettext("Architecture"): text(entry(card, "architecture")),
        gettext("What is scored"): _scored(card),
        gettext("Fake from"): _three(entry(card, "calibration", "band_high")),
        gettext("Real below"): _three(entry(card, "calibration", "band_low")),
        gettext("Threshold"): _threshold(card),
        gettext("Temperature and bias"): _calibration(card),
        gettext("Data fingerprint"): text(entry(card, "data", "fingerprint")),
        gettext("Training"): gettext("; ").join(_stages(card)) or None,
        gettext("Licence"): text(entry(card, "licence")),
    }
    return {word: value or str(SAID_NOTHING) for word, value in found.items()}


def data_of(card: Mapping[str, Any]) -> list[DataCount]:
    """Return the images of its dataset, as far as the card tells them."""
    rows = entry(card, "data", "counts")
    found = []
    for row in rows if isinstance(rows, list) else []:
        n = number(entry(row, "n"))
        source = text(entry(row, "source")) or text(entry(row, "dataset"))
        label, split = text(entry(row, "label")), text(entry(row, "split"))
        if n is not None and source:
            found.append(DataCount(source, label or "", split or "", int(n)))
    return found


def _backbone(card: Mapping[str, Any]) -> str | None:
    described = text(entry(card, "backbone", "description")) or text(
        entry(card, "backbone", "name")
    )
    parameters = number(entry(card, "backbone", "parameters"))
    if not parameters:
        return described
    size = gettext("%(count)s parameters", count=with_separators(round(parameters)))
    if not described:
        return size
    return gettext("%(name)s (%(size)s)", name=described, size=size)


def _scored(card: Mapping[str, Any]) -> str | None:
    faces, size = entry(card, "preprocessing", "faces"), entry(card, "preprocessing", "size")
    if faces is None:
        return None
    is_whole = faces in ("off", False)
    if not isinstance(size, int | float):
        return gettext("The whole image") if is_whole else gettext("Each face of an image")
    side = f"{size:.0f}"
    if is_whole:
        return gettext("The whole image, at %(side)s x %(side)s pixels", side=side)
    return gettext("Each face of an image, at %(side)s x %(side)s pixels", side=side)


def _threshold(card: Mapping[str, Any]) -> str | None:
    threshold = _three(entry(card, "calibration", "threshold"))
    target = number(entry(card, "calibration", "target_fpr"))
    if threshold is None or target is None:
        return threshold
    return gettext(
        "%(threshold)s; it is to flag %(share)s of real images like those it was trained on",
        threshold=threshold,
        share=share(target),
    )


def _calibration(card: Mapping[str, Any]) -> str | None:
    temperature = _three(entry(card, "calibration", "temperature"))
    bias = _three(entry(card, "calibration", "bias"))
    if temperature and bias:
        return gettext("%(first)s and %(second)s", first=temperature, second=bias)
    return temperature or bias


def _stages(card: Mapping[str, Any]) -> Iterator[str]:
    stages = entry(card, "stages")
    for stage in stages if isinstance(stages, list) else []:
        epochs, seed = number(entry(stage, "epochs_run")), number(entry(stage, "seed"))
        commit = text(entry(stage, "git_commit"))
        told = [
            gettext("%(count)s epochs", count=round(epochs)) if epochs is not None else None,
            gettext("seed %(seed)s", seed=round(seed)) if seed is not None else None,
            gettext("code of commit %(commit)s", commit=commit[:12]) if commit else None,
        ]
        if any(told):
            yield gettext(", ").join(part for part in told if part)


def _three(value: object) -> str | None:
    found = number(value)
    return None if found is None else three(found)
