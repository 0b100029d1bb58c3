"""Opaque cursors: where the next page of a list begins, as base64url of a little JSON."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from api.errors import FieldError

# What an INTEGER holds, and for these nouns a BIGINT; Postgres refuses to look for a larger one.
LARGEST = 2**31 - 1
LARGEST_BIG = 2**63 - 1
BIG = frozenset({"job", "line", "delivery"})


def encode(noun: str, place: int) -> str:
    """Return the cursor of the page that begins after the place in the list of the noun."""
    return urlsafe_b64encode(json.dumps({noun: place}).encode()).decode().rstrip("=")


def decode(noun: str, cursor: str | None) -> int | None:
    """Return the place that `encode` wrote, or None for the first page; raises FieldError."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        stored = json.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, RecursionError):
        stored = None
    place = stored.get(noun) if isinstance(stored, dict) else None
    if type(place) is not int or not 0 <= place <= (LARGEST_BIG if noun in BIG else LARGEST):
        raise FieldError(
            "cursor",
            "The cursor is not valid for this list. Pass `next_cursor` of the page before, "
            "unchanged, or leave it out to begin with the first page.",
        )
    return place
