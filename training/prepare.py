"""From labelled folders to a prepared dataset: inspect, clean, split, and say what was found."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import track
from sklearn.metrics import roc_auc_score

from core.errors import DatasetError
from training.clean import NEAR_DUPLICATE_BITS, Cleaned, Inspected, clean, inspect_files
from training.dataset import ITEMS, REPORT, fingerprint, select
from training.layouts.imagefolder import LABELS, Source, list_files
from training.split import SHARES, split

TRAITS = ("size_bytes", "bytes_per_pixel", "width", "height")


@dataclass(frozen=True)
class Preparation:
    """A dataset that was written, and the report on it."""

    folder: Path
    report: dict[str, Any]


def prepare_dataset(sources: list[Source], folder: Path, *, seed: int) -> Preparation:
    """Clean and split the sources into `folder`; raises DatasetError when nothing can be trained.

    No file of a source is changed, moved or copied.
    """
    if (folder / ITEMS).exists():
        raise DatasetError(f"{folder} holds a dataset already; name another folder.")
    files = [file for source in sources for file in list_files(source)]
    inspected = list(track(inspect_files(files), description="Reading images", total=len(files)))
    cleaned = clean(inspected)
    items = _tabulate(cleaned, seed)
    _require_both_labels(items)
    report = _report(items, inspected, cleaned, seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    items.to_parquet(folder / ITEMS, index=False)
    return Preparation(folder, report)


def _tabulate(cleaned: Cleaned, seed: int) -> pd.DataFrame:
    kept = cleaned.kept
    strata = [(one.file.source, one.file.label) for one in kept]
    return pd.DataFrame(
        {
            "path": [str(one.file.path) for one in kept],
            "label": [one.file.label for one in kept],
            "source": [one.file.source for one in kept],
            "sha256": [one.sha256 for one in kept],
            "phash": [f"{one.phash:016x}" for one in kept],
            "size_bytes": [one.size_bytes for one in kept],
            "width": [one.width for one in kept],
            "height": [one.height for one in kept],
            "group": cleaned.groups,
            "split": split(strata, cleaned.groups, seed=seed),
        }
    )


def _require_both_labels(items: pd.DataFrame) -> None:
    for name in SHARES:
        for label, number in LABELS.items():
            if select(items, split=name, label=number).empty:
                raise DatasetError(
                    f"No {label} image is left for the split {name}; training needs usable images "
                    "of both labels, at least some ten of each. Name more folders with --data."
                )


def _report(
    items: pd.DataFrame, inspected: list[Inspected], cleaned: Cleaned, seed: int
) -> dict[str, Any]:
    groups = items["group"].value_counts()
    return {
        "fingerprint": fingerprint(items),
        "seed": seed,
        "near_duplicate_bits": NEAR_DUPLICATE_BITS,
        "files": len(inspected),
        "kept": len(items),
        "near_duplicate_groups": int((groups > 1).sum()),
        "largest_group": int(groups.max()),
        "counts": [
            {"source": source, "label": label, "split": name, "n": len(rows)}
            for source in items["source"].unique()
            for label, number in LABELS.items()
            for name in SHARES
            if len(rows := select(items, source=source, label=number, split=name))
        ],
        "traits": _traits(items),
        "dropped_by_reason": dict(
            sorted(Counter(one.reason.partition(":")[0] for one in cleaned.dropped).items())
        ),
        "dropped": [
            {"path": str(one.file.path), "source": one.file.source, "reason": one.reason}
            for one in cleaned.dropped
        ],
    }


def _traits(items: pd.DataFrame) -> list[dict[str, Any]]:
    """How well the file alone tells the labels apart, as an AUC from 0.5 to 1; a warning sign."""
    table = items.assign(bytes_per_pixel=items["size_bytes"] / (items["width"] * items["height"]))
    found = []
    for source, rows in [("all", table), *table.groupby("source")]:
        if rows["label"].nunique() == 2:
            for trait in TRAITS:
                auc = float(roc_auc_score(rows["label"], rows[trait]))
                found.append({"source": source, "trait": trait, "auc": round(max(auc, 1 - auc), 4)})
    return found
