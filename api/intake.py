"""Uploads on their way into storage: each file streamed, its client's name only ever a label."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import SEEK_END
from typing import IO
from unicodedata import category

from werkzeug.datastructures import FileStorage

from core.errors import StorageError
from core.logs import get_logger
from core.sources import ArchiveSource, FilesSource, SourceItem
from core.sources.files import list_line
from core.storage import PART_BYTES, Storage
from core.terms import ItemCode

log = get_logger(__name__)
MAX_LABEL_LENGTH = 1024
# Control characters, line ends, and the marks that make a name read in another order.
UNSEEN_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
REORDERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@contextmanager
def kept_uploads(storage: Storage, public_id: str) -> Iterator[str]:
    """Yield the key under which a job's uploads are kept; an error deletes what is there."""
    prefix = f"uploads/{public_id}"
    try:
        yield prefix
    except BaseException:
        _discard(storage, prefix)
        raise


def keep_files(
    storage: Storage, prefix: str, files: Sequence[FileStorage], *, max_image_bytes: int
) -> tuple[FilesSource, list[SourceItem]]:
    """Keep the files and the list of them; one that is too large is listed with that fault."""
    items = [
        _keep_file(storage, f"{prefix}/files/{position:08d}", file, max_image_bytes)
        for position, file in enumerate(files)
    ]
    lines = b"".join(list_line(item) for item in items)
    return FilesSource(uri=storage.write(f"{prefix}/items.jsonl", lines)), items


def keep_archive(storage: Storage, prefix: str, archive: FileStorage) -> ArchiveSource:
    """Keep the archive as it is; the planner unpacks it."""
    uri = _write(storage, f"{prefix}/archive", archive.stream)
    return ArchiveSource(uri=uri, name=label(archive.filename))


def label(name: str | None) -> str:
    """Return the client's name of a file, without what cannot be seen, and not too long."""
    seen = "".join(
        letter
        for letter in name or ""
        if letter not in REORDERING and category(letter) not in UNSEEN_CATEGORIES
    )
    return seen.strip()[:MAX_LABEL_LENGTH] or "unnamed"


def _discard(storage: Storage, prefix: str) -> None:
    try:
        storage.delete(prefix)
    except StorageError as error:
        log.warning("upload_not_deleted", prefix=prefix, reason=str(error))


def _keep_file(storage: Storage, key: str, file: FileStorage, max_bytes: int) -> SourceItem:
    name = label(file.filename)
    size_bytes = _size_bytes(file.stream)
    if size_bytes <= max_bytes:
        return SourceItem(uri=_write(storage, key, file.stream), name=name)
    return SourceItem(
        uri="",
        name=name,
        fault_code=ItemCode.TOO_LARGE,
        fault_message=(
            f"The file has {size_bytes:,} bytes; at most {max_bytes:,} are accepted. "
            "Scale the image down or raise FAKESWEEP_MAX_IMAGE_BYTES."
        ),
    )


def _size_bytes(stream: IO[bytes]) -> int:
    size_bytes = stream.seek(0, SEEK_END)
    stream.seek(0)
    return size_bytes


def _write(storage: Storage, key: str, stream: IO[bytes]) -> str:
    """Write a small file in one request to the store, a large one in parts."""
    if _size_bytes(stream) <= PART_BYTES:
        return storage.write(key, stream.read())
    return storage.write(key, _parts(stream))


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(PART_BYTES):
        yield part
