"""The report on a prepared dataset, `report.json`: what is in it, what is not, what looks wrong."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from training.clean import MIN_FACE_PX, MIN_SHARPNESS, Dropped
from training.dataset import fingerprint
from training.duplicates import BITS, LIKENESS
from training.layouts.listing import LABELS, Listing
from training.probes import Probe, warn
from training.split import SHARES

EXAMPLES = 20  # of missing paths that are named


def describe(
    items: pd.DataFrame,
    listings: Sequence[Listing],
    files: int,
    dropped: Sequence[Dropped],
    probes: Iterable[Probe],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the report for JSON; `files` is the number of image files that were looked into."""
    found = list(probes)
    groups = items["group"].value_counts()
    return {
        "fingerprint": fingerprint(items),
        "options": dict(options),
        "limits": {
            "near_duplicate_bits": BITS,
            "near_duplicate_likeness": LIKENESS,
            "min_sharpness": MIN_SHARPNESS,
            "min_face_px": MIN_FACE_PX,
        },
        "sources": [_source(listing) for listing in listings],
        "files": files,
        "kept": len(items),
        "dropped_by_reason": _by_reason(dropped),
        "groups": len(groups),
        "largest_group": int(groups.max()),
        "counts": _counts(items),
        "probes": [probe.to_dict() for probe in found],
        "warnings": [
            *(f"{one.source.name}: {warning}" for one in listings for warning in one.warnings),
            *warn(found),
        ],
        "dropped": [
            {
                "path": one.candidate.entry.name,
                "dataset": one.candidate.dataset,
                "reason": one.reason,
            }
            for one in dropped
        ],
    }


def _source(listing: Listing) -> dict[str, Any]:
    return {
        "name": listing.source.name,
        "layout": listing.layout,
        "listed": listing.listed,
        "found": listing.listed - len(listing.missing),
        "missing": listing.missing[:EXAMPLES],
        "entries": len(listing.entries),
    }


def _by_reason(dropped: Iterable[Dropped]) -> dict[str, int]:
    return dict(sorted(Counter(one.reason.partition(":")[0] for one in dropped).items()))


def _counts(items: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["dataset", "label", "split"]
    sizes = items.groupby(columns).size()
    names = {number: name for name, number in LABELS.items()}
    return [
        {"dataset": dataset, "label": names[number], "split": split, "n": int(n)}
        for dataset in dict.fromkeys(items["dataset"])
        for number in names
        for split in SHARES
        if (n := sizes.get((dataset, number, split), 0))
    ]
