"""What clients call their files: shown as labels, and never used as paths."""

from pathlib import PurePosixPath
from unicodedata import category
from urllib.parse import unquote, urlsplit

from api.requests import ManifestFormat

MAX_LABEL_LENGTH = 1024
# Control characters, line ends, and the marks that make a name read in another order.
UNSEEN_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
REORDERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def label(name: str | None) -> str:
    """Return the client's name of a file, without what cannot be seen, and not too long."""
    seen = "".join(
        letter
        for letter in name or ""
        if letter not in REORDERING and category(letter) not in UNSEEN_CATEGORIES
    )
    return seen.strip()[:MAX_LABEL_LENGTH] or "unnamed"


def name_of(uri: str) -> str:
    """Return the last segment of the URI's path as a label, or the URI where there is none."""
    return label(unquote(PurePosixPath(urlsplit(uri).path).name) or uri)


def format_of(name: str) -> ManifestFormat:
    """Return the format that a manifest's name speaks of."""
    return "csv" if name.lower().endswith(".csv") else "jsonl"
