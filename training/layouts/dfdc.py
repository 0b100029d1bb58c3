"""DFDC, the Deepfake Detection Challenge (Dolhansky et al., 2020), as its data page documents it.

    dfdc_train_part_0/metadata.json   {"a.mp4": {"label": "FAKE", "split": "train",
    dfdc_train_part_0/a.mp4                      "original": "b.mp4"}, ...}
    test/labels.csv                   filename,label with 1 for FAKE
    test/metadata.json                {"c.mp4": {"is_fake": 1, ...}, ...}

Any folder with one of these files is a part, at any depth. Frames are also taken from
`<part>/frames/<video>/` (DeepfakeBench).
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from training.layouts.files import as_entries, videos_in
from training.layouts.labels import split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing

NAME = "dfdc"
METADATA, LIST = "metadata.json", "labels.csv"


@dataclass(frozen=True)
class _Stated:
    """What a part's lists say of one video."""

    label: int
    original: str = ""
    split: str = ""


def recognises(folder: Path) -> bool:
    """Return whether the folder, or one below it, has a metadata.json or labels.csv of DFDC."""
    return next(_parts(folder), None) is not None


def read(source: Source) -> Listing:
    """List the videos that the parts' lists name."""
    entries: list[Entry] = []
    missing: list[str] = []
    listed = 0
    for part in _parts(source.path):
        stated = _read_part(part)
        videos = dict(videos_in(part))
        listed += len(stated)
        place = part.relative_to(source.path)
        for name, one in sorted(stated.items()):
            if name not in videos:
                missing.append(str(part / f"{name}.mp4"))
            video = Entry(
                part,
                one.label,
                method=REAL if one.label == LABELS["real"] else "",
                video_id=(place / name).as_posix(),
                source_id=f"dfdc:{one.original or name}",
                split=one.split,
            )
            entries += as_entries(video, videos.get(name, []))
    return make_listing(source, NAME, entries, listed=listed, missing=missing)


def _parts(folder: Path) -> Iterator[Path]:
    """Yield the folders that hold a list, from the top down to two levels below."""
    for pattern in ("", "*", "*/*"):
        for part in sorted(folder.glob(pattern)) if pattern else [folder]:
            if part.is_dir() and (_is_metadata(part / METADATA) or _is_list(part / LIST)):
                yield part


def _is_metadata(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        start = opened.read(4096)
    return b'"is_fake"' in start or (b'"label"' in start and b'.mp4"' in start)


def _is_list(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return [name.strip().casefold() for name in opened.readline().split(",")] == [
            "filename",
            "label",
        ]


def _read_part(part: Path) -> dict[str, _Stated]:
    """Return what a part says of each video, by its name without suffix; raises DatasetError."""
    stated: dict[str, _Stated] = {}
    if _is_metadata(part / METADATA):
        stated = _read_metadata(part / METADATA, _split_of_part(part))
    if _is_list(part / LIST):
        numbers = _read_list(part / LIST)
        shared = numbers.keys() & stated.keys()
        if any(numbers[name] != stated[name].label for name in shared):
            raise DatasetError(
                f"{part / LIST} and {METADATA} beside it disagree about labels; in DFDC's "
                f"{LIST} 1 means fake. Take the lists that came with the videos."
            )
        split = _split_of_part(part) or "test"
        stated = {name: _Stated(label, split=split) for name, label in numbers.items()} | stated
    return stated


def _split_of_part(part: Path) -> str:
    return next(filter(None, (split_of(word) for word in part.name.replace("_", " ").split())), "")


def _read_metadata(file: Path, split: str) -> dict[str, _Stated]:
    try:
        stated = {
            Path(name).stem: _Stated(
                _label(one, file),
                Path(one.get("original") or "").stem,
                split or split_of(one.get("split") or ""),
            )
            for name, one in json.loads(file.read_bytes()).items()
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DatasetError(
            f"{file} is not a metadata.json of DFDC ({error}); take the one of its part."
        ) from error
    with_original = {one.label for one in stated.values() if one.original}
    if with_original and with_original != {LABELS["fake"]}:
        raise DatasetError(
            f"{file} names an original for videos that it labels REAL, which only fakes have: "
            "its labels look reversed. Take the metadata.json that came with the videos."
        )
    return stated


def _label(one: dict[str, object], file: Path) -> int:
    if one.get("label") in ("REAL", "FAKE"):
        return LABELS[str(one["label"]).casefold()]
    if one.get("is_fake") in (0, 1):
        return int(bool(one["is_fake"]))
    raise DatasetError(f"{file} has a video whose label is neither REAL nor FAKE: {one}.")


def _read_list(file: Path) -> dict[str, int]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.reader(opened))[1:]
    words = {"0": 0, "1": 1, "real": 0, "fake": 1}
    try:
        return {Path(name).stem: words[label.strip().casefold()] for name, label in rows}
    except (KeyError, ValueError) as error:
        raise DatasetError(
            f"{file} has a line that is not `filename,label` with 0, 1, REAL or FAKE ({error})."
        ) from error
