"""Verdicts as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum

from api.exports.faces import faces_json
from api.schemas import VerdictView

COLUMNS = tuple(VerdictView.model_fields)

# What begins a formula, in its full-width and small forms too, after whatever a spreadsheet drops
# before it; at the beginning of the cell, or behind a sign at which a spreadsheet of another
# country or setting splits the cell in two. (OWASP, "CSV Injection")
FORMULA = re.compile(
    r"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))"
    "(?=[\\s\0\u200b\ufeff\"'`]*[=+\\-@|%\u2212\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b])"
)


def write_csv(pages: Iterator[list[VerdictView]]) -> Iterator[bytes]:
    """Yield the file in parts: the header, then one part a page."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    yield _taken(text)
    for page in pages:
        rows.writerows([_cell(getattr(verdict, name)) for name in COLUMNS] for verdict in page)
        yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    part = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return part


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Enum():
            return value.value
        case str():
            return FORMULA.sub("'", value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case list():
            return faces_json(value)
        case _:
            return str(value)
