"""Where the items of a job come from: one module a source, all listed as a stream."""

from core.sources.listing import Limits, list_items
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
    source_from_dict,
)

__all__ = [
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
    "list_items",
    "source_from_dict",
]
