"""One entry to every source: `list_items` streams the items of whatever the job names."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.access import Access
from core.sources import archive, downloads, files, folder, manifest, prefix, urls
from core.sources.spec import (
    ArchiveSource,
    FilesSource,
    FolderSource,
    Heed,
    LineFault,
    ManifestSource,
    Place,
    PrefixSource,
    Source,
    SourceItem,
    UrlsSource,
    heedless,
)
from core.storage import Storage

LONGEST_FETCH_S = 600.0


@dataclass(frozen=True)
class Limits:
    """What a source may hold."""

    max_image_bytes: int
    max_archive_items: int
    max_archive_bytes: int
    max_manifest_bytes: int


def fetch(
    source: ManifestSource,
    *,
    storage: Storage,
    unpack_prefix: str,
    limits: Limits,
    access: Access,
    timeout_s: float = LONGEST_FETCH_S,
    heed: Heed = heedless,
) -> ManifestSource:
    """Return the manifest as `list_items` lists it, fetched from its URL unless it is kept already.

    Raises SourceError when it cannot be fetched at all, and StorageError when not now.
    """
    return downloads.kept(
        source,
        storage=storage,
        key=f"{unpack_prefix}/manifest",
        access=access,
        max_bytes=limits.max_manifest_bytes,
        timeout_s=timeout_s,
        heed=heed,
    )


def list_items(
    source: Source,
    *,
    storage: Storage,
    unpack_prefix: str,
    limits: Limits,
    access: Access,
    behind: Place | None = None,
    heed: Heed = heedless,
) -> Iterator[SourceItem | LineFault]:
    """Yield the items, or those behind a place, in an order that is the same each time.

    A folder or a prefix goes on behind the name of the last item, whatever has come or gone
    before it; other sources do not change, and go on at the position. An archive's members are
    unpacked into `storage` under `unpack_prefix` as they are passed. A manifest's faulty lines
    come in between; they count as no position, and all of them come again behind any place.
    `heed` is called again and again while there is nothing to yield, and ends the listing by what
    it raises. Raises SourceError with a sentence when the source cannot be read, and StorageError
    when it cannot be read now.
    """
    start, last_uri = (behind.count, behind.last_uri) if behind else (0, None)
    match source:
        case FolderSource():
            return folder.list_folder(source.path, last_uri=last_uri, heed=heed)
        case FilesSource():
            return files.list_files(source.uri, start=start)
        case UrlsSource():
            return urls.list_urls(source.uri, access=access, start=start)
        case ArchiveSource():
            return archive.unpack(
                source,
                storage=storage,
                prefix=unpack_prefix,
                max_item_bytes=limits.max_image_bytes,
                max_items=limits.max_archive_items,
                max_total_bytes=limits.max_archive_bytes,
                start=start,
                heed=heed,
            )
        case ManifestSource():
            kept = fetch(
                source,
                storage=storage,
                unpack_prefix=unpack_prefix,
                limits=limits,
                access=access,
                heed=heed,
            )
            return manifest.list_manifest(kept, access=access, start=start, heed=heed)
        case PrefixSource():
            return prefix.list_prefix(source.uri, last_uri=last_uri, heed=heed)
