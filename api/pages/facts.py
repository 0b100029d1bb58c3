"""What a model card tells of a version beside its measures, as words and values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.pages.cards import entry, number, text

SAID_NOTHING = "The card does not say."


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
        "Published": text(entry(card, "published_at")),
        "Backbone": _backbone(card),
        "Architecture": text(entry(card, "architecture")),
        "What is scored": _scored(card),
        "Fake from": _three(entry(card, "calibration", "band_high")),
        "Real below": _three(entry(card, "calibration", "band_low")),
        "Threshold": _threshold(card),
        "Temperature and bias": _calibration(card),
        "Data fingerprint": text(entry(card, "data", "fingerprint")),
        "Training": "; ".join(_stages(card)) or None,
        "Licence": text(entry(card, "licence")),
    }
    return {word: value or SAID_NOTHING for word, value in found.items()}


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
    size = f"{parameters:,.0f} parameters" if parameters else None
    return " ".join(part for part in (described, f"({size})" if size else None) if part) or None


def _scored(card: Mapping[str, Any]) -> str | None:
    faces, size = entry(card, "preprocessing", "faces"), entry(card, "preprocessing", "size")
    if faces is None:
        return None
    what = "The whole image" if faces in ("off", False) else "Each face of an image"
    return f"{what}, at {size:.0f} x {size:.0f} pixels" if isinstance(size, int | float) else what


def _threshold(card: Mapping[str, Any]) -> str | None:
    threshold = _three(entry(card, "calibration", "threshold"))
    target = number(entry(card, "calibration", "target_fpr"))
    if threshold is None or target is None:
        return threshold
    return f"{threshold}; it is to flag {target:.1%} of real images like those it was trained on"


def _calibration(card: Mapping[str, Any]) -> str | None:
    temperature = _three(entry(card, "calibration", "temperature"))
    bias = _three(entry(card, "calibration", "bias"))
    return " and ".join(part for part in (temperature, bias) if part) or None


def _stages(card: Mapping[str, Any]) -> Iterator[str]:
    stages = entry(card, "stages")
    for stage in stages if isinstance(stages, list) else []:
        epochs, seed = number(entry(stage, "epochs_run")), number(entry(stage, "seed"))
        commit = text(entry(stage, "git_commit"))
        told = [
            f"{epochs:.0f} epochs" if epochs is not None else None,
            f"seed {seed:.0f}" if seed is not None else None,
            f"code of commit {commit[:12]}" if commit else None,
        ]
        if any(told):
            yield ", ".join(part for part in told if part)


def _three(value: object) -> str | None:
    found = number(value)
    return None if found is None else f"{found:.3f}"
