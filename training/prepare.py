"""From data in any layout to a prepared dataset: list, unpack, inspect, clean, split, and tell.

No file of a source is changed, moved or deleted. What is unpacked lies below the dataset's folder.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.errors import DatasetError
from training.clean import Cleaned, Dropped, clean
from training.dataset import ITEMS, REPORT, is_prepared
from training.inspection import Inspected, inspect_files
from training.layouts.catalogue import read_source
from training.layouts.listing import DEFAULT_FRAMES, LABELS, Source
from training.preparation import describe
from training.probes import Probe, run_probes
from training.progress import track
from training.schema import SCHEMA, write_items
from training.split import SHARES, Division, divide, divide_officially
from training.unpack import unpack


@dataclass(frozen=True)
class Options:
    """How sources are prepared.

    `layout` is auto or the name of one; `frames` are taken of each video; without `faces`, none
    is looked for and a missing one is no reason to leave an image out; `splits` are made by group
    (`grouped`) or kept as the layouts state them (`official`).
    """

    layout: str = "auto"
    frames: int = DEFAULT_FRAMES
    faces: bool = True
    splits: Literal["grouped", "official"] = "grouped"
    seed: int = 7


@dataclass(frozen=True)
class Preparation:
    """A dataset that was written, and the report on it."""

    folder: Path
    report: dict[str, Any]


def prepare_dataset(sources: Sequence[Source], folder: Path, options: Options) -> Preparation:
    """Prepare the sources in `folder`; raises DatasetError when nothing can be trained on."""
    if is_prepared(folder):
        raise DatasetError(f"{folder} holds a dataset already; name another folder.")
    _require_unprepared(sources)
    listings = [read_source(source, options.layout) for source in sources]
    candidates = unpack(listings, folder, frames=options.frames)
    inspected = list(
        track(
            inspect_files(candidates, faces=options.faces),
            description="Looking into images",
            total=len(candidates),
        )
    )
    cleaned = clean(inspected, faces=options.faces)
    division = _divide(cleaned, options)
    cleaned, division = _without_those_apart(cleaned, division)
    items = _tabulate(cleaned.kept, division)
    _require_both_labels(items)
    probes = _probe(items, cleaned.kept, options.seed)
    report = describe(items, listings, len(inspected), cleaned.dropped, probes, vars(options))
    _write(folder, items, report)
    return Preparation(folder, report)


def _require_unprepared(sources: Sequence[Source]) -> None:
    for source in sources:
        if is_prepared(source.path):
            raise DatasetError(
                f"{source.path} is a prepared dataset, with splits of its own; name the data that "
                "it was made of."
            )


def _divide(cleaned: Cleaned, options: Options) -> Division:
    how = divide_officially if options.splits == "official" else divide
    return how(cleaned.kept, cleaned.copies, seed=options.seed)


def _without_those_apart(cleaned: Cleaned, division: Division) -> tuple[Cleaned, Division]:
    """Leave out the images that no split can have, with their reasons."""
    stays = np.array([not reason for reason in division.apart], bool)
    apart = [
        Dropped(one.candidate, reason)
        for one, reason in zip(cleaned.kept, division.apart, strict=True)
        if reason
    ]
    kept = [one for one, stay in zip(cleaned.kept, stays, strict=True) if stay]
    splits = [name for name, stay in zip(division.splits, stays, strict=True) if stay]
    groups = np.unique(division.groups[stays], return_inverse=True)[1]
    return (
        Cleaned(kept, cleaned.copies.among(stays), [*cleaned.dropped, *apart]),
        Division(splits, groups, [""] * len(kept)),
    )


def _tabulate(kept: Sequence[Inspected], division: Division) -> pd.DataFrame:
    rows = [
        _row(one) | {"split": split, "group": group}
        for one, split, group in zip(kept, division.splits, division.groups.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=SCHEMA.names)


def _row(one: Inspected) -> dict[str, Any]:
    entry, face = one.candidate.entry, one.face
    box = face.box if face else (np.nan,) * 4
    return {
        **entry.names(),
        "path": str(entry.path),
        "label": entry.label,
        "dataset": one.dataset,
        "sha256": one.sha256,
        "phash": f"{one.views[0].phash:016x}",
        "width": one.width,
        "height": one.height,
        "jpeg_quality": one.jpeg_quality,
        "size_bytes": one.size_bytes,
        **dict(zip(("face_x0", "face_y0", "face_x1", "face_y1"), box, strict=True)),
        "face_score": face.score if face else np.nan,
        "landmarks": [value for point in face.landmarks for value in point] if face else [],
        "n_faces": one.n_faces,
    }


def _require_both_labels(items: pd.DataFrame) -> None:
    for name in SHARES:
        for label, number in LABELS.items():
            rows = items.loc[items["split"] == name, "label"]
            if number not in set(rows):
                raise DatasetError(
                    f"No {label} image is left for the split {name}; training needs usable images "
                    "of both labels, at least some ten of each. Name more folders with --data."
                )


def _probe(items: pd.DataFrame, kept: Sequence[Inspected], seed: int) -> list[Probe]:
    pictures = np.stack([one.picture for one in kept])
    blanks = np.stack([one.blank for one in kept])
    found = run_probes(items, pictures, blanks, seed=seed)
    return list(track(found, description="Looking for leaks"))


def _write(folder: Path, items: pd.DataFrame, report: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    write_items(items, folder / ITEMS)
