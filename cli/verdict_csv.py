"""Verdicts as CSV, safe to open in a spreadsheet."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from client import Verdict
from core.errors import ConfigurationError

COLUMNS = (
    "position",
    "name",
    "outcome",
    "label",
    "score",
    "code",
    "message",
    "sha256",
    "model_version",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|")


class VerdictFile:
    """Writes one row a verdict."""

    def __init__(self, stream: IO[str]) -> None:
        self._rows = csv.writer(stream)
        self._rows.writerow(COLUMNS)

    def add(self, verdict: Verdict) -> None:
        """Write the verdict's row."""
        self._rows.writerow([_cell(getattr(verdict, column)) for column in COLUMNS])


@contextmanager
def verdict_file(path: Path) -> Iterator[VerdictFile]:
    """Write the file beside its place and move it there at the end, so that it is whole or old."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", newline="", encoding="utf-8") as stream:
            yield VerdictFile(stream)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Raise ConfigurationError, with a sentence, when no file can be written at the path."""
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigurationError(
            f"The verdicts cannot be written to {path}; name a file in a folder that exists "
            "and can be written."
        )


def _cell(value: str | float | None) -> str:
    """Return the cell's text; what a spreadsheet would run as a formula gets a quote before it."""
    if value is None:
        return ""
    text = str(value)
    is_text = isinstance(value, str)
    return f"'{text}" if is_text and text.startswith(FORMULA_STARTS) else text
