"""What is measured, from scores and labels (0 real, 1 fake), each with its bootstrap interval.

What cannot be measured (an AUC of one label, say) is None, with a sentence in `note`: never NaN.
An estimate and its interval come from the same formulas, under one weighting or many.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.metrics import ranking
from training.metrics.bootstrap import interval, weightings
from training.metrics.ranking import Floats, Labels, share
from training.metrics.reliability import calibration_errors

FPRS = (0.01, 0.02, 0.05, 0.10)
NEEDS_BOTH_LABELS = (
    "precision",
    "f1",
    "average_precision",
    "calibration_error",
    "uncalibrated_error",
)

Interval = tuple[float, float]


@dataclass(frozen=True)
class Confusion:
    """Counts at the threshold: fakes are the positives."""

    true_fake: int
    false_fake: int
    true_real: int
    false_real: int


@dataclass(frozen=True)
class Measurement:
    """How a model does on one set of images, at one threshold.

    `false_fake_rate` is the share of real images flagged as fake; `recall` the share of fakes
    found; `tpr_at_fpr` the share of fakes found where that share of reals is flagged;
    `equal_error_rate` the share at which both errors are as frequent; `calibration_error` the
    expected calibration error of the scores, and `uncalibrated_error` that of the scores at a
    temperature of 1. `intervals` holds the 95 % interval of each of them by its name
    (`tpr_at_fpr_0.01`), where there are groups enough to draw from.
    """

    n: int
    n_real: int
    n_fake: int
    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    false_fake_rate: float | None
    auc: float | None
    average_precision: float | None
    equal_error_rate: float | None
    tpr_at_fpr: dict[str, float] | None
    uncalibrated_error: float | None
    calibration_error: float | None
    confusion: Confusion
    intervals: dict[str, Interval] = field(default_factory=dict)
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement for JSON."""
        return asdict(self)


def measure(
    scores: Floats,
    labels: Labels,
    threshold: float,
    *,
    uncalibrated: Floats | None = None,
    groups: Labels | None = None,
    rounds: int = 0,
    seed: int = 0,
) -> Measurement:
    """Measure scores, float [n] in [0, 1], against labels.

    `uncalibrated` are the scores at a temperature of 1 (by default the scores themselves), and
    `groups` what the `rounds` of the bootstrap draw (by default each image for itself).
    """
    before = scores if uncalibrated is None else uncalibrated
    whole = _values(scores, labels, threshold, before, np.ones((1, len(labels))))
    n, n_fake = len(labels), int(np.sum(labels == 1))
    both = 0 < n_fake < n
    told = {
        name: float(value[0])
        for name, value in whole.items()
        if np.isfinite(value[0]) and (both or name not in NEEDS_BOTH_LABELS)
    }
    members = np.arange(n) if groups is None else groups
    intervals: dict[str, Interval] = {}
    if rounds and len(np.unique(members)) > 1:
        blocks = [
            _values(scores, labels, threshold, before, weights)
            for weights in weightings(members, rounds=rounds, seed=seed)
        ]
        for name, estimate in told.items():
            found = interval(np.concatenate([block[name] for block in blocks]), estimate)
            if found:
                intervals[name] = found
    return Measurement(
        n=n,
        n_real=n - n_fake,
        n_fake=n_fake,
        tpr_at_fpr={f"{fpr:.2f}": told.pop(_tpr_name(fpr)) for fpr in FPRS} if both else None,
        confusion=_confusion(scores >= threshold, labels == 1),
        intervals=intervals,
        note="" if both else _one_class_note(n, n_fake),
        **{name: told.get(name) for name in whole if not name.startswith("tpr_at_fpr")},
    )


def _values(
    scores: Floats, labels: Labels, threshold: float, uncalibrated: Floats, weights: Floats
) -> dict[str, Floats]:
    """Return every metric by its name, [rounds]; NaN where a weighting leaves it undefined."""
    if not len(labels):
        labels, scores, uncalibrated = np.zeros(1, np.int64), np.zeros(1), np.zeros(1)
        weights = np.zeros((len(weights), 1))
    flagged, fake = scores >= threshold, labels == 1
    true_fake, false_fake, false_real, true_real = (
        weights @ (part.astype(np.float64))
        for part in (flagged & fake, flagged & ~fake, ~flagged & fake, ~flagged & ~fake)
    )
    ranked = ranking.rank(scores, labels, weights)
    errors = calibration_errors(scores, labels, weights)
    before = errors if uncalibrated is scores else calibration_errors(uncalibrated, labels, weights)
    return {
        "accuracy": share(true_fake + true_real, weights.sum(axis=1)),
        "precision": share(true_fake, true_fake + false_fake),
        "recall": share(true_fake, true_fake + false_real),
        "f1": share(2 * true_fake, 2 * true_fake + false_fake + false_real),
        "false_fake_rate": share(false_fake, false_fake + true_real),
        "auc": ranking.area_under_roc(ranked),
        "average_precision": ranking.average_precision(ranked),
        "equal_error_rate": ranking.equal_error_rate(ranked),
        **{_tpr_name(fpr): ranking.tpr_at_fpr(ranked, fpr) for fpr in FPRS},
        "uncalibrated_error": before,
        "calibration_error": errors,
    }


def _tpr_name(fpr: float) -> str:
    return f"tpr_at_fpr_{fpr:.2f}"


def _confusion(flagged: NDArray[np.bool_], fake: NDArray[np.bool_]) -> Confusion:
    return Confusion(
        true_fake=int(np.sum(flagged & fake)),
        false_fake=int(np.sum(flagged & ~fake)),
        true_real=int(np.sum(~flagged & ~fake)),
        false_real=int(np.sum(~flagged & fake)),
    )


def _one_class_note(n: int, n_fake: int) -> str:
    if n == 0:
        return "There is no image here, so nothing can be measured."
    only, missing = ("fake", "real") if n_fake else ("real", "fake")
    return (
        f"All images here are {only}, so AUC, precision and F1 cannot be measured; "
        f"name a dataset of {missing} images beside it."
    )
