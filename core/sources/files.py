"""Uploaded files: the API keeps each one and writes a list of them, one JSON object a line."""

import json
from collections.abc import Iterator
from itertools import islice

from core.sources.spec import SourceItem
from core.streams import open_stream


def list_line(item: SourceItem) -> bytes:
    """Return the item's line in the list that `list_files` reads."""
    return json.dumps(item.to_row(), ensure_ascii=False).encode() + b"\n"


def list_files(uri: str, *, start: int = 0) -> Iterator[SourceItem]:
    """Yield the uploaded files in the order in which they came; raises StorageError."""
    with open_stream(uri) as stream:
        for line in islice(stream, start, None):
            yield SourceItem.from_row(json.loads(line))
