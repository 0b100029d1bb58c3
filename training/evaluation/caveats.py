"""What a person must know before trusting an evaluation's numbers, a sentence each."""

from collections.abc import Iterator, Mapping

import pandas as pd

from training.metrics import Measurement
from training.scoring import count_reasons

FEW = 30  # images of a label
RARE = 0.05  # the smaller label's share
SURE = 0.99  # a score, or 1 - score, that contradicts the label outright
UNSCORED = 0.05  # the share of images without a score


def find_caveats(table: pd.DataFrame, measured: Mapping[str, Measurement]) -> Iterator[str]:
    """Yield a sentence for each thing that makes the numbers say less than they seem to.

    `measured` holds the measurements of the table and of parts of it by their names, that of
    everything first.
    """
    overall = next(iter(measured.values()))
    if overall.note:
        yield overall.note
    yield from _missing(table)
    if 0 < overall.n_fake < overall.n:
        yield from _balance(overall)
    for name, part in measured.items():
        yield from _direction(name, part)
    yield from _labels(table)


def _missing(table: pd.DataFrame) -> Iterator[str]:
    reasons = count_reasons(table)
    missing = sum(reasons.values())
    if missing and missing >= UNSCORED * len(table):
        listed = ", ".join(f"{reason} {n:,}" for reason, n in reasons.items())
        yield (
            f"{missing:,} of {len(table):,} images have no score ({listed}); "
            "the numbers hold for the others only."
        )


def _balance(overall: Measurement) -> Iterator[str]:
    label, fewer = min(("real", overall.n_real), ("fake", overall.n_fake), key=lambda one: one[1])
    if fewer < FEW:
        yield (
            f"Only {fewer:,} of the scored images are {label}: mind the intervals, "
            "and measure on more of them."
        )
    if fewer < RARE * overall.n:
        yield (
            f"Only {fewer / overall.n:.1%} of the scored images are {label}, so accuracy, "
            "precision, F1 and average precision mostly tell of the others; "
            "AUC, the equal error rate and the shares of each label do not depend on the mixture."
        )


def _direction(name: str, part: Measurement) -> Iterator[str]:
    if part.auc is not None and part.intervals.get("auc", (0.0, 1.0))[1] < 0.5:
        yield (
            f"The AUC of {name} ({part.auc:.3f}) is worse than chance: either the labels are "
            "swapped, or the model takes these fakes to be more real than the photos."
        )


def _labels(table: pd.DataFrame) -> Iterator[str]:
    sound = table.loc[table["reason"] == ""]
    of_bytes = sound.groupby("sha256")["label"]
    contrary = int((of_bytes.nunique() > 1).sum())
    if contrary:
        yield (
            f"Images that are filed under both labels, byte for byte: {contrary:,}. "
            "At least half of those labels are wrong."
        )
    copies = len(sound) - sound["sha256"].nunique()
    if copies:
        yield f"Images that repeat another one, byte for byte: {copies:,}. Each counts."
    doubtful = int((sound["score"].where(sound["label"] == 0, 1 - sound["score"]) > SURE).sum())
    if doubtful:
        yield (
            f"Images whose score contradicts their label beyond {SURE:g}: {doubtful:,}. "
            "Look at the worst errors: a wrong label looks just like that."
        )
