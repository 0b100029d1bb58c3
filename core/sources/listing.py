"""One entry to every source: `list_items` streams the items of whatever the job names."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.sources import archive, files, folder
from core.sources.spec import ArchiveSource, FilesSource, FolderSource, SourceItem
from core.storage import Storage


@dataclass(frozen=True)
class Limits:
    """What a source may hold."""

    max_image_bytes: int
    max_archive_items: int
    max_archive_bytes: int


def list_items(
    source: FolderSource | FilesSource | ArchiveSource,
    *,
    storage: Storage,
    unpack_prefix: str,
    limits: Limits,
    start: int = 0,
) -> Iterator[SourceItem]:
    """Yield the items from position `start` on, in an order that is the same each time.

    An archive's members are unpacked into `storage` under `unpack_prefix` as they are passed.
    Raises SourceError with a sentence when the source cannot be read.
    """
    match source:
        case FolderSource():
            return folder.list_folder(source.path, start=start)
        case FilesSource():
            return files.list_files(source.uri, start=start)
        case ArchiveSource():
            return archive.unpack(
                source.uri,
                storage=storage,
                prefix=unpack_prefix,
                max_item_bytes=limits.max_image_bytes,
                max_items=limits.max_archive_items,
                max_total_bytes=limits.max_archive_bytes,
                start=start,
            )
