"""A prepared dataset on disk, and the examples that training reads from it."""

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd
import torch
from torch.utils.data import Dataset

from core.errors import DatasetError
from detector.preprocess import DecodeLimits, PreprocessingSpec, decode, prepare, to_pixels
from training.augment import augment
from training.config import Augmentation

ITEMS = "items.parquet"
REPORT = "report.json"


@dataclass(frozen=True)
class PreparedDataset:
    """The items that survived cleaning, with their splits.

    `items` has the columns path, label, source, sha256, phash, size_bytes, width, height, group
    and split. `fingerprint` names what is trained on, wherever the files lie.
    """

    folder: Path
    items: pd.DataFrame
    fingerprint: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder that `prepare` wrote; raises DatasetError."""
        try:
            items = pd.read_parquet(folder / ITEMS)
            stated = json.loads((folder / REPORT).read_bytes())["fingerprint"]
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(
                f"{folder} is not a prepared dataset ({error}); make one with `prepare`."
            ) from error
        if fingerprint(items) != stated:
            raise DatasetError(
                f"{folder / ITEMS} is not what `prepare` wrote; prepare the dataset again."
            )
        return cls(folder, items, stated)

    def split(self, name: str) -> pd.DataFrame:
        """Return the items of a split."""
        return select(self.items, split=name)


def select(items: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Return the rows that have the given value in each named column."""
    for column, value in values.items():
        items = items.loc[items[column] == value]
    return items.reset_index(drop=True)


def fingerprint(items: pd.DataFrame) -> str:
    """Return the SHA-256 over the sorted `sha256 label split` of the items."""
    lines = sorted(
        f"{sha256} {label} {split}\n"
        for sha256, label, split in zip(
            items["sha256"], items["label"], items["split"], strict=True
        )
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class Examples(Dataset[dict[str, Any]]):
    """Items as `{"pixels": uint8 [3, size, size], "labels": 0 or 1}`; augmented when told how.

    What an item looks like follows from the seed, the epoch and its position alone, so a run
    that was stopped goes on with the same images.
    """

    def __init__(
        self,
        items: pd.DataFrame,
        spec: PreprocessingSpec,
        *,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        self._paths = items["path"].tolist()
        self._labels = items["label"].tolist()
        self._spec = spec
        self._augmentation = augmentation
        self._seed = seed
        self._epoch = 0
        self._limits = DecodeLimits()

    def __len__(self) -> int:
        return len(self._paths)

    def set_epoch(self, epoch: int) -> None:
        """Draw other augmentations; the data loader calls this when an epoch starts."""
        self._epoch = epoch

    def __getitem__(self, index: int) -> dict[str, Any]:
        data = _read(self._paths[index])
        if self._augmentation is None:
            pixels = prepare(data, self._spec, self._limits).pixels
        else:
            draw = random.Random(f"{self._seed} {self._epoch} {index}")
            image = augment(decode(data, self._limits), self._augmentation, draw)
            pixels = to_pixels(image, self._spec)
        return {"pixels": torch.from_numpy(pixels), "labels": self._labels[index]}


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{path} could not be read ({error.strerror}); bring the file back or prepare anew."
        ) from error
