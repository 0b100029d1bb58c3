"""Uploads on their way into storage: each file streamed, its client's name only ever a label."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import SEEK_END
from itertools import repeat
from typing import IO

from werkzeug.datastructures import FileStorage

from api.names import format_of
from api.requests import ManifestFormat, UploadedItem
from core.errors import StorageError
from core.logs import get_logger
from core.names import clean_name
from core.sources import ArchiveSource, FilesSource, ManifestSource, SourceItem, UrlsSource
from core.sources.files import list_line
from core.storage import PART_BYTES, Storage
from core.terms import ItemCode
from db.uploads import storage_key

log = get_logger(__name__)
WRITERS = 8  # an object store takes a file in milliseconds of waiting; a request may have thousands


@contextmanager
def kept_uploads(storage: Storage, public_id: str) -> Iterator[str]:
    """Yield the key under which a job's uploads are kept; an error deletes what is there."""
    prefix = storage_key(public_id)
    try:
        yield prefix
    except BaseException:
        discard(storage, prefix)
        raise


def keep_files(
    storage: Storage,
    prefix: str,
    files: Sequence[FileStorage],
    *,
    max_image_bytes: int,
    items: Sequence[UploadedItem] = (),
) -> tuple[FilesSource, list[SourceItem]]:
    """Keep the files and the list of them; one that is too large is listed with that fault.

    `items` says what the client knows of each file, or is empty.
    """

    def keep(position: int, file: FileStorage, item: UploadedItem) -> SourceItem:
        key = f"{prefix}/files/{position:08d}"
        return _keep_file(storage, key, file, item, max_bytes=max_image_bytes)

    with ThreadPoolExecutor(min(WRITERS, len(files))) as writers:
        try:
            known = items or repeat(UploadedItem())
            kept = list(writers.map(keep, range(len(files)), files, known))
        except BaseException:
            writers.shutdown(cancel_futures=True)
            raise
    return FilesSource(uri=_keep_list(storage, prefix, kept)), kept


def keep_archive(storage: Storage, prefix: str, archive: FileStorage) -> ArchiveSource:
    """Keep the archive as it is; the planner unpacks it."""
    uri = _write(storage, f"{prefix}/archive", archive.stream)
    return ArchiveSource(uri=uri, name=clean_name(archive.filename))


def keep_manifest(
    storage: Storage,
    prefix: str,
    manifest: FileStorage,
    *,
    form: ManifestFormat | None,
    strict: bool,
) -> ManifestSource:
    """Keep the manifest as it is; the planner reads it, by its name where no format is given."""
    uri = _write(storage, f"{prefix}/manifest", manifest.stream)
    name = clean_name(manifest.filename)
    return ManifestSource(uri=uri, name=name, format=form or format_of(name), strict=strict)


def keep_urls(storage: Storage, prefix: str, items: Sequence[SourceItem]) -> UrlsSource:
    """Keep the list of URLs; the workers fetch them."""
    return UrlsSource(uri=_keep_list(storage, prefix, items))


def discard(storage: Storage, prefix: str) -> None:
    """Delete what is under the prefix, if storage lets us: what stays is only logged."""
    try:
        storage.delete(prefix)
    except StorageError as error:
        log.warning("upload_not_deleted", prefix=prefix, reason=str(error))


def _keep_list(storage: Storage, prefix: str, items: Sequence[SourceItem]) -> str:
    return storage.write(f"{prefix}/items.jsonl", b"".join(list_line(item) for item in items))


def _keep_file(
    storage: Storage, key: str, file: FileStorage, item: UploadedItem, *, max_bytes: int
) -> SourceItem:
    name = clean_name(file.filename)
    size_bytes = _size_bytes(file.stream)
    if size_bytes <= max_bytes:
        return SourceItem(
            uri=_write(storage, key, file.stream),
            name=name,
            custom_id=item.custom_id,
            sha256=item.sha256,
        )
    return SourceItem(
        uri="",
        name=name,
        custom_id=item.custom_id,
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
