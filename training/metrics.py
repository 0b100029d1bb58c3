"""What is measured, from margins (or scores) and labels; labels are 0 real, 1 fake."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score


def accuracy_and_auc(
    margins: NDArray[np.floating], labels: NDArray[np.integer]
) -> dict[str, float]:
    """Return the accuracy at a margin of 0 and the area under the ROC curve."""
    return {
        "accuracy": float(np.mean((margins >= 0) == (labels == 1))),
        "auc": float(roc_auc_score(labels, margins)),
    }
