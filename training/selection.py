"""The score by which the best epoch is chosen: on sources that are not trained on, if any.

A network that is chosen on images like those it learned from is chosen for knowing their sources.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from transformers import EvalPrediction

from core.errors import DatasetError
from detector.vit import LABELS

FAKE = next(index for index, name in LABELS.items() if name == "fake")


@dataclass(frozen=True)
class Selection:
    """The images that each epoch is measured on; those of `cross` come after `n_validation`."""

    items: pd.DataFrame
    n_validation: int

    def measure(self, outcome: EvalPrediction) -> dict[str, float]:
        """Return the validation AUC, that of each cross-source pair, and the `score`: their mean,
        or the validation AUC where there is no pair."""
        logits = np.asarray(outcome.predictions, np.float64)
        margins, labels = logits[:, FAKE] - logits[:, 1 - FAKE], np.asarray(outcome.label_ids)
        own, cross = slice(None, self.n_validation), slice(self.n_validation, None)
        auc = _auc(labels[own], margins[own])
        found = {
            f"auc_{name}": _auc(labels[cross][chosen], margins[cross][chosen])
            for name, chosen in _pairs(self.items.iloc[cross]).items()
        }
        score = float(np.mean(list(found.values()))) if found else auc
        return {
            "accuracy": float(np.mean((margins[own] >= 0) == (labels[own] == 1))),
            "auc": auc,
            **found,
            "score": score,
        }


def build_selection(
    validation: pd.DataFrame, cross: pd.DataFrame | None, *, most: int, seed: int
) -> Selection:
    """Return what to measure on: at most `most` images of each dataset and label; 0 takes all.

    Raises DatasetError when the cross-source images have one label only.
    """
    validation = _thin(validation, most, seed)
    if cross is None:
        return Selection(validation, len(validation))
    if len(set(cross["label"])) < 2:
        raise DatasetError(
            "The cross-source images are all of one label; name both real and fake ones by --cross."
        )
    items = pd.concat([validation, _thin(cross, most, seed)], ignore_index=True)
    return Selection(items, len(validation))


def _thin(items: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    if not most:
        return items
    shuffled = items.sample(frac=1, random_state=seed)
    return shuffled.groupby(["dataset", "label"]).head(most).sort_index().reset_index(drop=True)


def _pairs(items: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Return each dataset of both labels, and each of fakes only beside each of reals only."""
    labels = items.groupby("dataset")["label"].agg(set).to_dict()
    datasets = items["dataset"].to_numpy()
    mixed = {name: datasets == name for name, found in labels.items() if len(found) == 2}
    fakes = [name for name, found in labels.items() if found == {1}]
    reals = [name for name, found in labels.items() if found == {0}]
    paired = {
        f"{fake}_vs_{real}": np.isin(datasets, [fake, real]) for fake in fakes for real in reals
    }
    return mixed | paired


def _auc(labels: NDArray[np.integer], margins: NDArray[np.floating]) -> float:
    return float(roc_auc_score(labels, margins))
