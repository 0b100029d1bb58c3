"""The score by which the best epoch is chosen: on sources that are not trained on, if any.

A network that is chosen on images like those it learned from is chosen for knowing their sources.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch.utils.data import Dataset
from transformers import EvalPrediction

from core.errors import DatasetError
from detector.preprocess import PreprocessingSpec
from detector.vit import FAKE
from training.evaluation.testset import EVERYTHING, gather, opposites
from training.progress import bar
from training.scoring import prepare_files


class MeasuredImages(Dataset[dict[str, Any]]):
    """Images as serving sees them: `{"pixels": uint8 [3, size, size], "labels": 0 or 1}`.

    With faces, a picture stands for its largest face.
    """

    def __init__(self, pixels: NDArray[np.uint8], labels: NDArray[np.integer]) -> None:
        self._pixels, self._labels = torch.from_numpy(pixels), labels.tolist()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"pixels": self._pixels[index], "labels": self._labels[index]}


@dataclass(frozen=True)
class Selection:
    """The images that each epoch is measured on; those of other sources come last."""

    items: pd.DataFrame
    n_validation: int
    images: MeasuredImages

    def measure(self, outcome: EvalPrediction) -> dict[str, float]:
        """Return the validation AUC, that of each cross-source pair, and the `score`: their mean,
        or the validation AUC where there is no pair."""
        logits = np.asarray(outcome.predictions, np.float64)
        margins, labels = logits[:, FAKE] - logits[:, 1 - FAKE], np.asarray(outcome.label_ids)
        own, cross = slice(None, self.n_validation), slice(self.n_validation, None)
        auc = float(roc_auc_score(labels[own], margins[own]))
        found = {
            f"auc_{name}": float(roc_auc_score(labels[cross][chosen], margins[cross][chosen]))
            for name, chosen in _pairs(self.items.iloc[cross]).items()
        }
        return {
            "accuracy": float(np.mean((margins[own] >= 0) == (labels[own] == 1))),
            "auc": auc,
            **found,
            "score": float(np.mean(list(found.values()))) if found else auc,
        }


def gather_cross(cross: Sequence[str], *, most: int, seed: int) -> pd.DataFrame | None:
    """Return the images of sources that are not trained on, `[NAME=]DIR`s; None without any.

    They are at most `most` of each dataset and label; 0 takes all. Raises DatasetError.
    """
    return _thin(gather(cross, EVERYTHING), most, seed) if cross else None


def describe_cross(items: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return the names of the sources, and a fingerprint of their images, wherever they lie."""
    if items is None:
        return None
    lines = sorted(
        f"{_sha256(path)} {label} {dataset}\n"
        for path, label, dataset in zip(
            items["path"], items["label"], items["dataset"], strict=True
        )
    )
    return {
        "sources": sorted(set(items["dataset"])),
        "fingerprint": hashlib.sha256("".join(lines).encode()).hexdigest(),
    }


def _sha256(path: str) -> str:
    """Return the digest of a file, or nothing where it cannot be read, and so not be measured."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def build_selection(
    validation: pd.DataFrame,
    cross: pd.DataFrame | None,
    spec: PreprocessingSpec,
    *,
    most: int,
    seed: int,
) -> Selection:
    """Read what to measure on: at most `most` images of each dataset and label; 0 takes all.

    The columns are path, label and dataset. Images that cannot be scored are left out. Raises
    DatasetError when validation or cross-source images of a label are missing.
    """
    chosen = [_thin(items, most, seed) for items in (validation, cross) if items is not None]
    items = pd.concat(chosen, ignore_index=True)
    is_cross = np.arange(len(items)) >= len(chosen[0])
    pixels, kept = _read(items["path"].tolist(), spec)
    items, is_cross = items.iloc[kept].reset_index(drop=True), is_cross[kept]
    labels = items["label"].to_numpy(np.int64)
    for name, part in (("validation", labels[~is_cross]), ("cross-source", labels[is_cross])):
        if len(set(part)) == 1 or (name == "validation" and not len(part)):
            raise DatasetError(
                f"The {name} images that can be scored are not of both labels; the best epoch "
                "cannot be chosen by them. Name more of them."
            )
    return Selection(items, int((~is_cross).sum()), MeasuredImages(pixels, labels))


def _read(paths: list[str], spec: PreprocessingSpec) -> tuple[NDArray[np.uint8], list[int]]:
    pixels, kept, seen = [], [], 0
    with ThreadPoolExecutor() as pool, bar() as progress:
        task = progress.add_task("Reading images to measure on", total=len(paths))
        for batch in prepare_files(paths, spec, pool):
            for place, one in enumerate(batch, seen):
                if one.prepared is not None:
                    pixels.append(one.prepared.pixels[0])
                    kept.append(place)
            seen += len(batch)
            progress.update(task, completed=seen)
    empty = np.empty((0, 3, spec.size, spec.size), np.uint8)
    return np.stack(pixels) if pixels else empty, kept


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
    paired = {
        f"{fake}_vs_{real}": np.isin(datasets, [fake, real]) for fake, real in opposites(items)
    }
    return mixed | paired
