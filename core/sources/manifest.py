"""A manifest: the client's list of items, as JSONL or CSV, one item a line.

A line that names no item is a fault with its number; the other lines count.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from typing import IO, Literal
from urllib.parse import urlsplit

import orjson

from core.access import Access
from core.errors import SourceError
from core.names import clean_name, has_controls
from core.sources.lines import read_lines
from core.sources.spec import Heed, LineFault, ManifestSource, SourceItem, heedless
from core.sources.urls import judged
from core.streams import open_stream
from core.terms import ManifestFaultCode

FIELDS = ("uri", "custom_id", "sha256")
MAX_CUSTOM_ID_LENGTH = 255
MAX_URI_LENGTH = 4096
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class _LineError(Exception):
    def __init__(self, code: ManifestFaultCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def list_manifest(
    source: ManifestSource, *, access: Access, start: int = 0, heed: Heed = heedless
) -> Iterator[SourceItem | LineFault]:
    """Yield the items from `start` on, and every fault, in the order of the lines.

    Of a strict manifest with faults, all faults come and then SourceError, before any item.
    Columns and keys other than `uri`, `custom_id` and `sha256` are passed over.
    """
    if source.strict:
        yield from _require_faultless(source, access, heed)
    position = 0
    for found in _parse(source, access, heed):
        if isinstance(found, LineFault):
            yield found
            continue
        if position >= start:
            yield judged(found, access)
        position += 1


def _require_faultless(source: ManifestSource, access: Access, heed: Heed) -> Iterator[LineFault]:
    count = 0
    for found in _parse(source, access, heed):
        if isinstance(found, LineFault):
            count += 1
            yield found
    if count:
        raise SourceError(
            f"{count:,} of the manifest's lines name no item, and the job is strict, so nothing "
            "was scanned. Correct them, or submit without `strict`."
        )


def _parse(source: ManifestSource, access: Access, heed: Heed) -> Iterator[SourceItem | LineFault]:
    is_ours = bool(source.parts) or access.is_stored(source.uri)
    verify = access.verify_stored if is_ours else access.verify_allowed
    with open_stream(source.uri, parts=source.parts, verify=verify) as stream:
        for found in _items(stream, source.format):
            heed()
            yield found


def _items(stream: IO[bytes], form: Literal["jsonl", "csv"]) -> Iterator[SourceItem | LineFault]:
    columns: list[str] | None = None
    for line in read_lines(stream):
        if isinstance(line, LineFault):
            if form == "csv" and columns is None:
                raise SourceError(f"The manifest's first line is not usable: {line.message}")
            yield line
            continue
        number, text = line
        try:
            if form == "jsonl":
                yield _item(_json_fields(text))
            elif columns is None:
                columns = _columns(text)
            else:
                yield _item(_csv_fields(text, columns))
        except _LineError as error:
            yield LineFault(number, error.code, error.message)


def _json_fields(text: str) -> Mapping[str, object]:
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _LineError(
            ManifestFaultCode.NOT_JSON,
            'The line is no JSON; write one object a line, {"uri": "..."}.',
        ) from error
    if not isinstance(fields, dict):
        raise _LineError(
            ManifestFaultCode.NOT_JSON,
            'The line is no JSON object; write one object a line, {"uri": "..."}.',
        )
    return fields


def _columns(text: str) -> list[str]:
    try:
        columns = [column.strip().lower() for column in _csv_values(text)]
    except _LineError as error:
        raise SourceError(f"The manifest's first line is not usable: {error.message}") from error
    if any(columns.count(field) > 1 for field in FIELDS) or "uri" not in columns:
        raise SourceError(
            "The manifest's first line must name its columns, with `uri` among them, each once: "
            "uri,custom_id,sha256."
        )
    return columns


def _csv_fields(text: str, columns: list[str]) -> Mapping[str, object]:
    values = _csv_values(text)
    if len(values) > len(columns):
        raise _LineError(
            ManifestFaultCode.INVALID_FIELD,
            f"The line has {len(values)} values for {len(columns)} columns; "
            "put a value that holds a comma into double quotes.",
        )
    return {
        column: value.strip()
        for column, value in zip(columns, values, strict=False)  # the last ones may be left out
        if value.strip()
    }


def _csv_values(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise _LineError(
            ManifestFaultCode.INVALID_FIELD,
            f"The line is no CSV ({error}); a value must not hold a line end.",
        ) from error


def _item(fields: Mapping[str, object]) -> SourceItem:
    uri = _text(fields, "uri", max_length=MAX_URI_LENGTH)
    if not uri:
        raise _LineError(ManifestFaultCode.MISSING_URI, "The line names no `uri`.")
    sha256 = _text(fields, "sha256", max_length=64)
    if sha256 and not _SHA256.fullmatch(sha256):
        raise _LineError(
            ManifestFaultCode.INVALID_FIELD,
            "`sha256` is not 64 hexadecimal digits; correct it or leave it out.",
        )
    return SourceItem(
        uri=uri,
        name=clean_name(_shown(uri)),
        custom_id=_text(fields, "custom_id", max_length=MAX_CUSTOM_ID_LENGTH),
        sha256=sha256.lower() if sha256 else None,
    )


def _text(fields: Mapping[str, object], name: str, *, max_length: int) -> str | None:
    """Return the field's text, or None when it is not there, null or empty."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _LineError(
            ManifestFaultCode.INVALID_FIELD, f"`{name}` is not text; put it into double quotes."
        )
    if len(value) > max_length:
        raise _LineError(
            ManifestFaultCode.INVALID_FIELD,
            f"`{name}` has more than the {max_length:,} characters that it may have.",
        )
    if has_controls(value):
        raise _LineError(
            ManifestFaultCode.INVALID_FIELD, f"`{name}` holds control characters; leave them out."
        )
    return value


def _shown(uri: str) -> str:
    """Return the URI as a name: without the query of a URL, which may be a signature."""
    if not uri.startswith(("https:", "http:")):
        return uri
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri.partition("?")[0]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
