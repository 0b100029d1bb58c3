"""A prepared dataset on disk."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd

from core.errors import DatasetError
from training.schema import read_items

ITEMS = "items.parquet"
REPORT = "report.json"


@dataclass(frozen=True)
class PreparedDataset:
    """The items that survived cleaning, with their splits.

    `items` has the columns of `training.schema`. `fingerprint` names what is trained on, wherever
    the files lie.
    """

    folder: Path
    items: pd.DataFrame
    fingerprint: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder that `prepare` wrote; raises DatasetError."""
        try:
            items = read_items(folder / ITEMS)
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


def is_prepared(place: Path) -> bool:
    """Return whether `prepare` wrote the folder."""
    return (place / ITEMS).exists()


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
