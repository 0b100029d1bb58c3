"""What is measured, from margins or scores and labels; labels are 0 real, 1 fake.

What cannot be measured (an AUC of one label, say) is None, with a sentence in `note`: never NaN.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

FPRS = (0.01, 0.02, 0.05, 0.10)
RELIABILITY_BINS = 10

Labels = NDArray[np.integer]
Floats = NDArray[np.floating]


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
    found; `tpr_at_fpr` the share of fakes found where that share of reals is flagged.
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
    tpr_at_fpr: dict[str, float] | None
    confusion: Confusion
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement for JSON."""
        return asdict(self)


def measure(scores: Floats, labels: Labels, threshold: float) -> Measurement:
    """Measure scores (or margins, with a threshold of their scale) against labels."""
    flagged, fake = scores >= threshold, labels == 1
    counts = Confusion(
        true_fake=int(np.sum(flagged & fake)),
        false_fake=int(np.sum(flagged & ~fake)),
        true_real=int(np.sum(~flagged & ~fake)),
        false_real=int(np.sum(~flagged & fake)),
    )
    n_fake, n = int(fake.sum()), len(labels)
    both = 0 < n_fake < n
    precision = _share(counts.true_fake, counts.true_fake + counts.false_fake) if both else None
    recall = _share(counts.true_fake, n_fake)
    return Measurement(
        n=n,
        n_real=n - n_fake,
        n_fake=n_fake,
        accuracy=_share(counts.true_fake + counts.true_real, n),
        precision=precision,
        recall=recall,
        f1=_share(2 * counts.true_fake, counts.true_fake + counts.false_fake + n_fake)
        if both
        else None,
        false_fake_rate=_share(counts.false_fake, n - n_fake),
        auc=float(roc_auc_score(labels, scores)) if both else None,
        tpr_at_fpr=_tpr_at_fpr(scores, labels) if both else None,
        confusion=counts,
        note="" if both else _one_class_note(n, n_fake),
    )


def accuracy_and_auc(margins: Floats, labels: Labels) -> dict[str, float]:
    """Return the accuracy at a margin of 0 and the area under the ROC curve."""
    return {
        "accuracy": float(np.mean((margins >= 0) == (labels == 1))),
        "auc": float(roc_auc_score(labels, margins)),
    }


@dataclass(frozen=True)
class Reliability:
    """How true the scores are: bins of equal width, and the expected calibration error."""

    mean_scores: list[float]
    fake_shares: list[float]
    counts: list[int]
    expected_calibration_error: float


def reliability(scores: Floats, labels: Labels) -> Reliability:
    """Compare the scores of each non-empty bin with the share of fakes in it."""
    bins = np.minimum((scores * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    filled = [bins == number for number in range(RELIABILITY_BINS) if np.any(bins == number)]
    means = [float(scores[inside].mean()) for inside in filled]
    shares = [float((labels[inside] == 1).mean()) for inside in filled]
    counts = [int(inside.sum()) for inside in filled]
    gaps = np.abs(np.array(means) - np.array(shares))
    error = float(np.average(gaps, weights=counts))
    return Reliability(means, shares, counts, error)


def _tpr_at_fpr(scores: Floats, labels: Labels) -> dict[str, float]:
    fpr, tpr, _ = roc_curve(labels, scores)
    return {f"{limit:.2f}": float(tpr[fpr <= limit].max()) for limit in FPRS}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _one_class_note(n: int, n_fake: int) -> str:
    if n == 0:
        return "There is no image here, so nothing can be measured."
    only, missing = ("fake", "real") if n_fake else ("real", "fake")
    return (
        f"All images here are {only}, so AUC, precision and F1 cannot be measured; "
        f"name a source of {missing} images beside it."
    )
