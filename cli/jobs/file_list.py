"""The list of `fakesweep jobs submit --files`: which files to upload, and what is known of each."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from client import FileItem
from core.errors import ConfigurationError

FIELDS = ("file", "custom_id", "sha256")


@dataclass(frozen=True)
class FileList:
    """The files in the order of their lines; relative paths count from `root`."""

    root: Path
    items: list[FileItem]


def read_file_list(path: Path, *, form: str | None) -> FileList:
    """Read a list, or standard input for `-`, as CSV or JSONL: by its name where no form is given.

    Columns and keys other than `file`, `custom_id` and `sha256` are passed over. Raises
    ConfigurationError, with the line's number, for the first line that names no file.
    """
    is_csv = form == "csv" or (form is None and path.suffix.lower() == ".csv")
    root = path.absolute().parent if path.is_file() else Path.cwd()  # a pipe lies nowhere
    try:
        with click.open_file(str(path), encoding="utf-8-sig") as lines:
            rows = _csv_rows(lines) if is_csv else _json_rows(lines)
            items = [_item(root, number, row) for number, row in rows]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The list of files cannot be read ({error}); save it as CSV or JSONL in UTF-8."
        ) from error
    if not items:
        raise ConfigurationError("The list names no files; write one a line.")
    return FileList(root, items)


def _csv_rows(lines: IO[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(lines, strict=True)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    if "file" not in reader.fieldnames:
        raise ConfigurationError(
            "The list's first line must name its columns, with `file` among them: "
            "file,custom_id,sha256. For a list in JSONL, add --format jsonl."
        )
    for row in reader:
        if None in row:
            raise _error(reader.line_num, "has more values than columns; quote those with a comma")
        yield reader.line_num, {name: (value or "").strip() for name, value in row.items()}


def _json_rows(lines: IO[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise _error(
                number,
                'is no JSON object; write {"file": "..."}, or add --format csv for a list in CSV',
            )
        yield number, row


def _item(root: Path, number: int, row: Mapping[str, Any]) -> FileItem:
    for name in FIELDS:
        if not isinstance(row.get(name) or "", str):
            raise _error(number, f"has a `{name}` that is not text; put it into double quotes")
    if not row.get("file"):
        raise _error(number, "names no `file`; add it, or leave the line out")
    return FileItem(
        root / row["file"],
        custom_id=row.get("custom_id") or None,
        sha256=row.get("sha256") or None,
    )


def _error(number: int, what: str) -> ConfigurationError:
    return ConfigurationError(f"Line {number:,} of the list of files {what}.")
