"""Lists of files: CSV or JSONL, one row a file, paths relative to the list's folder.

    path,label[,method,video_id,frame,identity_a,identity_b,source_id,split,compression]

Of other lists the usual names of these columns are understood, and a column `is_fake` or
`is_real` of 0 and 1. A label is a name (`real`, `fake`, `REAL`, `ai-generated`), never a bare
number: `label` 1 means fake in DFDC and real in "140k real and fake faces". Without a label,
the list is prepared as `real:NAME=FILE` or `fake:NAME=FILE`.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import DatasetError
from training.layouts.files import Resolver, is_video
from training.layouts.labels import require_label, split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing

NAME = "list"
SUFFIXES = {".csv", ".jsonl"}
PATHS = (
    "path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path",
    "video", "video_path",
)  # fmt: skip
NAMED_LABELS = ("label_str", "label_name", "label", "labels", "class", "target", "category")
FLAGS = {"is_fake": 1, "fake": 1, "is_real": 0, "real": 0}  # the label that a 1 means
IDENTITIES = ("identity_a", "identity", "person", "person_id", "subject", "subject_id")
DONORS, METHODS = ("identity_b",), ("method", "generator", "model")
RECORDINGS, SPLITS = ("source_id", "original"), ("split", "set", "subset")
VIDEOS, FRAMES, COMPRESSIONS = ("video_id",), ("frame",), ("compression",)
TOLD = (  # every column that `entry_of` reads beside the path
    *NAMED_LABELS, *FLAGS, *IDENTITIES, *DONORS, *METHODS, *RECORDINGS, *SPLITS, *VIDEOS, *FRAMES,
    *COMPRESSIONS,
)  # fmt: skip

Row = Mapping[str, Any]


def recognises(path: Path) -> bool:
    """Return whether the path is a list, or a folder with one list and no folder of a label."""
    return _list_at(path) is not None


def read(source: Source) -> Listing:
    """List the files that the rows name."""
    file = _list_at(source.path)
    if file is None:
        raise DatasetError(f"{source.path} is no CSV or JSONL list, and holds no single one.")
    return read_lists(source, NAME, [(file, "")])


def read_lists(source: Source, layout: str, lists: list[tuple[Path, str]]) -> Listing:
    """List the files of several lists, each with the split that its own place stands for."""
    entries: list[Entry] = []
    missing: list[str] = []
    warnings: list[str] = []
    listed = 0
    for file, split in lists:
        resolver = Resolver(file.parent)
        for row in read_rows(file):
            listed += 1
            stated = _stated_path(row, file)
            path = resolver.find(stated)
            if path is None:
                missing.append(stated)
            else:
                entries.append(entry_of(row, path, source, file, split))
        warnings += resolver.warnings
    return make_listing(source, layout, entries, listed=listed, missing=missing, warnings=warnings)


def read_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a CSV or JSONL file, their columns in lower case; raises DatasetError."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = (
                csv.DictReader(opened)
                if file.suffix.lower() == ".csv"
                else (json.loads(line) for line in opened if line.strip())
            )
            for row in rows:
                yield {str(name).strip().casefold(): value for name, value in row.items()}
    except (OSError, ValueError, AttributeError, csv.Error) as error:
        raise DatasetError(
            f"{file} could not be read ({error}); a list has a header and a row for each file, "
            "or a JSON object on each line."
        ) from error


def entry_of(row: Row, path: Path, source: Source, where: Path, split: str) -> Entry:
    """Return the entry of a row whose file was found; raises DatasetError."""
    label = label_in(row, source, where)
    people = [_text(row, *IDENTITIES), _text(row, *DONORS)]
    stated = PurePosixPath(_text(row, *PATHS).replace("\\", "/"))
    video = _text(row, *VIDEOS) or (str(stated.with_suffix("")) if is_video(path.name) else "")
    return Entry(
        path,
        label,
        method=REAL if label == LABELS["real"] else _text(row, *METHODS),
        video_id=video,
        frame=_number(row, *FRAMES),
        identity_a=_scoped(source, people[0]),
        identity_b=_scoped(source, people[1]),
        source_id=_scoped(source, _text(row, *RECORDINGS)),
        split=split_of(_text(row, *SPLITS)) or split,
        compression=_text(row, *COMPRESSIONS),
    )


def label_in(row: Row, source: Source, where: Path) -> int:
    """Return the label of a row: of its flag, of its name, or of the source; else DatasetError."""
    for column, label in FLAGS.items():
        value = str(row.get(column, "")).strip().casefold()
        if value in ("0", "1", "true", "false", "0.0", "1.0"):
            return label if value in ("1", "true", "1.0") else 1 - label
    for column in NAMED_LABELS:
        if row.get(column) not in (None, ""):
            return require_label(row[column], source.label_names, f"{where}, column {column},")
    if source.label is None:
        raise DatasetError(
            f"{where} has no column `label`; add one with `real` and `fake`, or name a list of "
            "one label as real:NAME=FILE or fake:NAME=FILE."
        )
    return source.label


def _list_at(path: Path) -> Path | None:
    if path.is_file():
        return path if path.suffix.lower() in SUFFIXES else None
    lists = [file for suffix in SUFFIXES for file in sorted(path.glob(f"*{suffix}"))]
    return lists[0] if len(lists) == 1 and _has_paths(lists[0]) else None


def _has_paths(file: Path) -> bool:
    row = next(iter(read_rows(file)), {})
    return any(column in row for column in PATHS)


def _stated_path(row: Row, file: Path) -> str:
    stated = _text(row, *PATHS)
    if not stated:
        raise DatasetError(
            f"{file} has a row without a path; name the column `path` and fill it in every row."
        )
    return stated


def _text(row: Row, *columns: str) -> str:
    """Return the first of the columns that holds something."""
    values = (row.get(column) for column in columns)
    return next((str(value).strip() for value in values if value not in (None, "")), "")


def _number(row: Row, *columns: str) -> int:
    text = _text(row, *columns)
    return int(float(text)) if text.replace(".", "", 1).isdigit() else -1


def _scoped(source: Source, name: str) -> str:
    """Keep `7` of one list apart from `7` of another."""
    return f"{source.name}:{name}" if name else ""
