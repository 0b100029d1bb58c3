"""The images that a model is measured on: of prepared datasets, and of data as it lies."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from core.errors import DatasetError
from training.dataset import PreparedDataset, is_prepared, select
from training.layouts.catalogue import parse_source, read_source, require_apart
from training.layouts.files import is_video
from training.layouts.listing import DEFAULT_FRAMES, Source
from training.unpack import Candidate, thin, unpack

DEFAULTS = {"dataset": "", "method": "", "source_id": "", "video_id": "", "frame": -1, "group": -1}
EVERYTHING = "all"


def gather(
    data: Sequence[str], split: str, *, scratch: Path | None = None, frames: int = DEFAULT_FRAMES
) -> pd.DataFrame:
    """Return the items of prepared datasets and of data in any layout, as `--data` names them.

    A prepared dataset gives its `split`, and so does data whose layout states splits; any other
    gives all of its images. Videos and archives are unpacked into `scratch`, at most `frames` of
    each video; without one they are refused. The columns are path, label, dataset, method,
    source_id, video_id, frame and group (-1: none). Raises DatasetError, also when two datasets
    have one name.
    """
    tables = []
    for argument in data:
        source = parse_source(argument)
        if is_prepared(source.path):
            table = _prepared(source, split)
        else:
            table = _tabulate(_read(source, split, scratch, frames))
        groups = pd.factorize(table["group"])[0] + sum(len(one) for one in tables)
        tables.append(table.assign(group=np.where(table["group"] >= 0, groups, -1)))
    require_apart([name for table in tables for name in dict.fromkeys(table["dataset"])])
    items = pd.concat(tables, ignore_index=True)
    if items.empty:
        raise DatasetError(
            f"There is no image of the split {split} in {', '.join(data)}; name another --split."
        )
    return items


def opposites(items: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the datasets to measure beside each other: each of fakes only, each of reals only."""
    labels = items.groupby("dataset", sort=False)["label"].agg(set).to_dict()
    fakes = [str(name) for name, found in labels.items() if found == {1}]
    reals = [str(name) for name, found in labels.items() if found == {0}]
    return [(fake, real) for fake in fakes for real in reals]


def complete(items: pd.DataFrame) -> pd.DataFrame:
    """Return the items with every column that an evaluation chooses by; what is not known is so."""
    return items.assign(**{name: value for name, value in DEFAULTS.items() if name not in items})


def _prepared(source: Source, split: str) -> pd.DataFrame:
    """Return the split, under the source's name where it was given one.

    Of several datasets that were prepared together, each keeps its own name behind it.
    """
    dataset = PreparedDataset.read(source.path)
    items = dataset.items if split == EVERYTHING else dataset.split(split)
    if source.label is not None:
        items = select(items, label=source.label)
    if source.is_named:
        several = len(set(dataset.items["dataset"])) > 1
        names = source.name + "/" + items["dataset"] if several else source.name
        items = items.assign(dataset=names)
    return complete(items).loc[:, ["path", "label", *DEFAULTS]]


def _read(source: Source, split: str, scratch: Path | None, frames: int) -> list[Candidate]:
    listing = read_source(source)
    for warning in listing.warnings:
        Console(stderr=True).print(warning, markup=False)
    entries = listing.entries
    if split != EVERYTHING and any(entry.split for entry in entries):
        entries = [entry for entry in entries if split in entry.split.split("+")]
    packed = [entry.name for entry in entries if entry.member or is_video(entry.path.name)]
    if packed and scratch is None:
        raise DatasetError(
            f"{listing.source.path} holds videos or packed images, {packed[0]} for one; "
            "unpack them with `train prepare`, and name the dataset that it writes."
        )
    if scratch is None:
        return [Candidate(listing.source.name, entry) for entry in thin(entries, frames)]
    return unpack([replace(listing, entries=entries)], scratch, frames=frames)


def _tabulate(candidates: Sequence[Candidate]) -> pd.DataFrame:
    entries = [one.entry for one in candidates]
    return pd.DataFrame(
        {
            "path": [str(entry.path) for entry in entries],
            "label": np.array([entry.label for entry in entries], np.int64),
            "dataset": [one.dataset for one in candidates],
            "method": [entry.method for entry in entries],
            "source_id": [entry.source_id for entry in entries],
            "video_id": [entry.video_id for entry in entries],
            "frame": np.array([entry.frame for entry in entries], np.int64),
            "group": np.full(len(entries), -1, np.int64),
        }
    )
