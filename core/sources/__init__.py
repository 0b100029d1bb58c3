"""Where the items of a job come from: one module a source, all listed as a stream."""

from core.sources.listing import LONGEST_FETCH_S, Limits, fetch, list_items
from core.sources.spec import (
    ArchiveSource,
    FilesSource,
    FolderSource,
    LineFault,
    ManifestSource,
    Place,
    PrefixSource,
    Source,
    SourceItem,
    StoredPart,
    UrlsSource,
    must_be_fetched,
    source_from_dict,
)

__all__ = [
    "LONGEST_FETCH_S",
    "ArchiveSource",
    "FilesSource",
    "FolderSource",
    "Limits",
    "LineFault",
    "ManifestSource",
    "Place",
    "PrefixSource",
    "Source",
    "SourceItem",
    "StoredPart",
    "UrlsSource",
    "fetch",
    "list_items",
    "must_be_fetched",
    "source_from_dict",
]
