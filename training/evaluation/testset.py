"""The images that a model is measured on: of prepared datasets, and of folders as they lie."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import DatasetError
from training.dataset import ITEMS, PreparedDataset
from training.layouts.catalogue import parse_source, read_source
from training.layouts.files import is_video

DEFAULTS = {"dataset": "", "method": "", "source_id": "", "video_id": "", "frame": -1, "group": -1}
EVERYTHING = "all"


def gather(data: Iterable[str], split: str) -> pd.DataFrame:
    """Return the items of prepared datasets and of folders in any layout, as `--data` names them.

    A prepared dataset gives its `split`, and so does a folder whose layout states splits; any
    other folder gives all of its images. The columns are path, label, dataset, method, source_id,
    video_id, frame and group (-1: none). Raises DatasetError.
    """
    tables = []
    for argument in data:
        prepared = Path(argument).expanduser()
        table = _prepared(prepared, split) if (prepared / ITEMS).exists() else _raw(argument, split)
        groups = pd.factorize(table["group"])[0] + sum(len(one) for one in tables)
        tables.append(table.assign(group=np.where(table["group"] >= 0, groups, -1)))
    items = pd.concat(tables, ignore_index=True)
    if items.empty:
        raise DatasetError(f"There is no image of the split {split} in {', '.join(data)}.")
    return items


def complete(items: pd.DataFrame) -> pd.DataFrame:
    """Return the items with every column that an evaluation chooses by; what is not known is so."""
    return items.assign(**{name: value for name, value in DEFAULTS.items() if name not in items})


def _prepared(folder: Path, split: str) -> pd.DataFrame:
    dataset = PreparedDataset.read(folder)
    items = dataset.items if split == EVERYTHING else dataset.split(split)
    return complete(items).loc[:, ["path", "label", *DEFAULTS]]


def _raw(argument: str, split: str) -> pd.DataFrame:
    source = parse_source(argument)
    entries = read_source(source).entries
    packed = [entry.name for entry in entries if entry.member or is_video(entry.path.name)]
    if packed:
        raise DatasetError(
            f"{source.path} holds videos or packed images, {packed[0]} for one; "
            "unpack them with `train prepare`, and measure on the dataset that it writes."
        )
    if split != EVERYTHING and any(entry.split for entry in entries):
        entries = [entry for entry in entries if split in entry.split.split("+")]
    return pd.DataFrame(
        {
            "path": [str(entry.path) for entry in entries],
            "label": np.array([entry.label for entry in entries], np.int64),
            "dataset": source.name,
            "method": [entry.method for entry in entries],
            "source_id": [entry.source_id for entry in entries],
            "video_id": [entry.video_id for entry in entries],
            "frame": np.array([entry.frame for entry in entries], np.int64),
            "group": -1,
        }
    )
