"""Verdicts as JSON lines, each the object that the list of verdicts holds."""

from collections.abc import Iterator

from api.schemas import VerdictView


def write_jsonl(pages: Iterator[list[VerdictView]]) -> Iterator[bytes]:
    """Yield the file in parts, one a page."""
    for page in pages:
        yield "".join(f"{verdict.model_dump_json()}\n" for verdict in page).encode()
