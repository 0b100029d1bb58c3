"""The formats of an export: what each is called, and who writes it."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

from api.schemas import VerdictView
from core.terms import ExportFormat

Write = Callable[[Iterator[list[VerdictView]]], Iterator[bytes]]


class Format(NamedTuple):
    """A media type, and the writer as `module:function`.

    The writer is imported when it is first asked for: Arrow would cost every API process 40 MB.
    """

    media_type: str
    target: str

    def writer(self) -> Write:
        """Return the function that writes the format."""
        module, _, function = self.target.partition(":")
        return getattr(import_module(module), function)


FORMATS = {
    ExportFormat.CSV: Format(
        "text/csv; charset=utf-8; header=present", "api.exports.csv_file:write_csv"
    ),
    ExportFormat.JSONL: Format("application/jsonl", "api.exports.jsonl_file:write_jsonl"),
    ExportFormat.PARQUET: Format(
        "application/vnd.apache.parquet", "api.exports.parquet_file:write_parquet"
    ),
}
