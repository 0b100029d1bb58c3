"""DeepfakeBench (Yan et al., NeurIPS 2023): its `rgb` folders, and the JSON that it arranges.

    dataset_json/Celeb-DF-v2.json                      written by preprocessing/rearrange.py
    rgb/Celeb-DF-v2/Celeb-real/frames/id0_0000/000.png  rgb/FaceForensics++/...  rgb/UADFV/real/...

    {"Celeb-DF-v2": {"CelebDFv2_real": {"test": {"id0_0000":
        {"label": "CelebDFv2_real", "frames": ["datasets\\\\rgb\\\\...\\\\000.png", ...]}}}}}

FaceForensics++ has the compression below the split. Its JSON is known to list the videos of
Celeb-DF and DFDCP in val and in test, and those of DeepFakeDetection and UADFV in all splits.
Without JSON the folders in `rgb` are read, each by the layout it keeps.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import DatasetError
from training.layouts import celebdf, dfdc, faceforensics, imagefolder
from training.layouts.files import Resolver, frame_number
from training.layouts.labels import split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing
from training.layouts.people import People, in_celebdf, in_faceforensics

NAME = "deepfakebench"
JSON = "dataset_json"
RGB = "rgb"
METHODS = {
    "FF-DF": "Deepfakes", "FF-F2F": "Face2Face", "FF-FS": "FaceSwap", "FF-NT": "NeuralTextures",
    "FF-FH": "FaceShifter", "FF-SH": "FaceShifter",
}  # fmt: skip
LAYOUTS = (faceforensics, celebdf, dfdc, imagefolder)


@dataclass
class _Found:
    """What the JSON files gave so far."""

    resolver: Resolver
    entries: list[Entry] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    listed: int = 0


def recognises(path: Path) -> bool:
    """Return whether the path is such a JSON file, or a folder with dataset_json/ or rgb/."""
    if path.is_file():
        return path.suffix == ".json"
    return (path / RGB).is_dir() or next((path / JSON).glob("*.json"), None) is not None


def read(source: Source) -> Listing:
    """List the frames that the JSON files name, or else those in the folders of `rgb`."""
    files = [source.path] if source.path.is_file() else sorted((source.path / JSON).glob("*.json"))
    if not files:
        return _read_folders(source)
    found = _Found(Resolver(source.path if source.path.is_dir() else source.path.parent))
    for file in files:
        _read_json(file, found)
    return make_listing(
        source,
        NAME,
        found.entries,
        listed=found.listed,
        missing=found.missing,
        warnings=found.resolver.warnings,
    )


def _read_folders(source: Source) -> Listing:
    listings, skipped = [], []
    for folder in sorted(path for path in (source.path / RGB).glob("*") if path.is_dir()):
        layout = next((one for one in LAYOUTS if one.recognises(folder)), None)
        if layout is None:
            skipped.append(folder.name)
        else:
            listings.append(_within(layout.read(replace(source, path=folder)), folder.name))
    if not listings:
        raise DatasetError(f"{source.path / RGB} holds no dataset in a layout that is known.")
    return make_listing(
        source,
        NAME,
        [entry for one in listings for entry in one.entries],
        listed=sum(one.listed for one in listings),
        missing=[path for one in listings for path in one.missing],
        warnings=[
            *(warning for one in listings for warning in one.warnings),
            *(f"{RGB}/{name} keeps no layout that is known; it is left out." for name in skipped),
        ],
    )


def _within(listing: Listing, folder: str) -> Listing:
    """Return the listing of a folder of `rgb`, with the videos of one named after the folder.

    Where a layout knows no recordings, a fake is named like the video that it was made of.
    """
    if listing.layout != imagefolder.NAME:
        return listing
    entries = [
        replace(
            entry,
            video_id=f"{folder}/{entry.video_id}",
            source_id=_recording(folder, PurePosixPath(entry.video_id).name),
        )
        if entry.video_id
        else entry
        for entry in listing.entries
    ]
    return replace(listing, entries=entries)


def _recording(dataset: str, video: str) -> str:
    """Return the name of a recording: `UADFV:0001` for both 0001 and 0001_fake."""
    return f"{dataset}:{video.removesuffix('_fake')}"


def _read_json(file: Path, found: _Found) -> None:
    try:
        stored = json.loads(file.read_bytes())
        for dataset, classes in stored.items():
            for name, splits in classes.items():
                for split, videos in splits.items():
                    _read_videos(f"{dataset}/{name}", split_of(split), videos, found)
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{file} is not a JSON that DeepfakeBench's rearrange.py writes ({error})."
        ) from error


def _read_videos(
    place: str, split: str, videos: dict[str, Any], found: _Found, compression: str = ""
) -> None:
    """Read `{video: {label, frames}}`, or the same below each compression."""
    for name, video in videos.items():
        if "frames" not in video:
            _read_videos(f"{place}/{name}", split, video, found, name.replace("raw", "c0"))
            continue
        label, method = _label(video["label"])
        people = _people(video["label"], name)
        entry = Entry(
            Path(),
            label,
            method=method,
            video_id=f"{place}/{name}",
            identity_a=people.identity_a,
            identity_b=people.identity_b,
            source_id=people.source_id,
            split=split,
            compression=compression,
        )
        found.entries += _frames(entry, video["frames"], found)


def _frames(video: Entry, stated: list[str], found: _Found) -> Iterator[Entry]:
    for position, frame in enumerate(stated):
        found.listed += 1
        path = found.resolver.find(frame)
        if path is None:
            found.missing.append(frame)
        else:
            yield replace(video, path=path, frame=frame_number(path, position))


def _label(name: str) -> tuple[int, str]:
    """Return label and method of a label as DeepfakeBench's configuration writes it."""
    kind, _, ending = name.replace("-", "_").rpartition("_")
    if name in METHODS:
        return LABELS["fake"], METHODS[name]
    if ending.casefold() == "real":
        return LABELS["real"], REAL
    if ending.casefold().startswith("fake"):
        return LABELS["fake"], f"{kind}{ending[4:]}"
    raise DatasetError(f"DeepfakeBench has no label {name!r}: its labels end in real or fake.")


def _people(label: str, name: str) -> People:
    if label.startswith(("FF-", "DFD_")):
        return in_faceforensics(name)
    if label.startswith("CelebDF"):
        return in_celebdf(name)
    dataset = label.partition("_")[0]
    return People(source_id=_recording("dfdc" if dataset == "DFDC" else dataset, name))
