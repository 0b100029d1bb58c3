"""What clients call their files: shown as labels, and never used as paths."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from api.requests import ManifestFormat
from core.names import clean_name


def name_of(uri: str) -> str:
    """Return the last segment of the URI's path as a name, or the URI where there is none."""
    return clean_name(unquote(PurePosixPath(urlsplit(uri).path).name) or uri)


def format_of(name: str) -> ManifestFormat:
    """Return the format that a manifest's name speaks of."""
    return "csv" if name.lower().endswith(".csv") else "jsonl"
