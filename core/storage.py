"""Bytes by URI: what the installation keeps (uploads, unpacked archives) and what items point to.

Object stores (s3://, gs://, az://) go through obstore. Local files are opened directly: obstore
rewrites some characters of a path, and people's files carry every name there is.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import IO

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import AzureStore, LocalStore, ObjectStore

from core.errors import ConfigurationError, ItemError, StorageError, StorageFullError
from core.localfiles import Verify, file_fault, local_path, open_file
from core.objects import first_line, is_object_uri, open_store, read_object
from core.terms import ItemCode

PART_BYTES = 1024 * 1024
PAGE_KEYS = 1000
LOOKS = 10  # while others delete the same
FULL_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
FULL_SIGNS = (*(f"(os error {number})" for number in FULL_NUMBERS), "StorageFull")


class Storage:
    """The folder or object-store prefix where this installation keeps bytes."""

    def __init__(self, root_url: str) -> None:
        self._root_url = root_url.rstrip("/")
        self._store = _open_root(self._root_url)
        is_local = self._root_url.startswith("file:")
        self._folder = Path(local_path(self._root_url)) if is_local else None

    def uri(self, key: str) -> str:
        """Return the URI under which the bytes of `key` are read."""
        return f"{self._root_url}/{key}"

    def write(self, key: str, content: bytes | IO[bytes] | Iterator[bytes]) -> str:
        """Keep the content under `key`, streamed in parts, and return its URI.

        Keys are ours: letters, digits, `/`, `-`, `_` and `.`. Raises StorageError, and
        StorageFullError when there is no room.
        """
        try:
            obstore.put(self._store, key, content, use_multipart=None)
        except (BaseError, OSError) as error:
            kind = StorageFullError if is_full(error) else StorageError
            raise kind(
                f"Storage at {self._root_url} did not take {key} ({first_line(error)}); "
                "check that it is reachable and has room."
            ) from error
        return self.uri(key)

    def has(self, key: str) -> bool:
        """Return whether something is kept under the key; raises StorageError."""
        try:
            obstore.head(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise StorageError(
                f"Storage at {self._root_url} did not answer ({first_line(error)})."
            ) from error
        return True

    def delete(self, prefix: str) -> None:
        """Delete everything under the prefix, a folder of ours; raises StorageError.

        Several may delete the same at once: what is gone already is looked for once more.
        """
        try:
            for _look in range(LOOKS):
                with suppress(NotFoundError, FileNotFoundError):
                    self._delete_listed(prefix)
                    break
            else:
                self._delete_listed(prefix)
        except (BaseError, OSError) as error:
            raise StorageError(
                f"Storage at {self._root_url} did not delete {prefix} ({first_line(error)})."
            ) from error
        if self._folder is not None:  # what a writer that died had not finished is never listed
            rmtree(self._folder / prefix, ignore_errors=True)

    def _delete_listed(self, prefix: str) -> None:
        for page in obstore.list(self._store, prefix=prefix):
            obstore.delete(self._store, [meta["path"] for meta in page])

    def names(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield what lies directly below the folder, each with a time when some of it was written.

        However much there is, little of it is in memory. Raises StorageError.
        """
        try:
            if self._folder is not None:
                yield from _names_of_files(self._folder / folder)
            else:
                yield from _names_of_objects(self._store, folder)
        except (BaseError, OSError) as error:
            raise StorageError(
                f"Storage at {self._root_url} did not list {folder} ({first_line(error)})."
            ) from error


def read_bytes(uri: str, *, max_bytes: int, verify: Verify | None = None) -> bytes:
    """Read a whole object or file of at most `max_bytes`; `verify` is as in `open_file`.

    Raises ItemError for what is final (`too_large`, `fetch_failed`, `forbidden`), because the
    caller reads images, one an item, and StorageError for what can heal.
    """
    if is_object_uri(uri):
        content, size_bytes = read_object(uri, max_bytes=max_bytes)
    else:
        content, size_bytes = _read_file(uri, max_bytes, verify)
    require_size(size_bytes, max_bytes)
    return content


def is_full(error: Exception) -> bool:
    """Return whether the error says that a disk or a quota is full.

    An object store's error has no number, and local files written through one have it in the text.
    """
    if isinstance(error, OSError) and error.errno in FULL_NUMBERS:
        return True
    return isinstance(error, BaseError) and any(sign in str(error) for sign in FULL_SIGNS)


def require_size(size_bytes: int, max_bytes: int) -> None:
    """Raise ItemError for an image file of more bytes than are accepted."""
    if size_bytes > max_bytes:
        raise ItemError(
            ItemCode.TOO_LARGE,
            f"The file has more than the {max_bytes:,} bytes that are accepted. "
            "Scale the image down or raise FAKESWEEP_MAX_IMAGE_BYTES.",
        )


def _read_file(uri: str, max_bytes: int, verify: Verify | None) -> tuple[bytes, int]:
    with open_file(uri, verify=verify) as stream:
        try:
            size_bytes = os.fstat(stream.fileno()).st_size
            content = stream.read(max_bytes + 1) if size_bytes <= max_bytes else b""
        except OSError as error:
            raise file_fault(error) from error
    return content, max(size_bytes, len(content))


def _names_of_files(folder: Path) -> Iterator[tuple[str, datetime]]:
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            with suppress(FileNotFoundError):
                yield entry.name, datetime.fromtimestamp(entry.stat().st_mtime, UTC)


def _names_of_objects(store: ObjectStore, folder: str) -> Iterator[tuple[str, datetime]]:
    """Look at the first page of what lies below a name, then at what comes behind the name."""
    jumps = not isinstance(store, AzureStore)  # which would begin anew, and pass over all before
    last, behind = "", None
    while True:
        for page in obstore.list(store, prefix=folder, offset=behind, chunk_size=PAGE_KEYS):
            for found in page:
                name = found["path"].removeprefix(f"{folder}/").partition("/")[0]
                if name != last:
                    yield name, found["last_modified"]
                last = name
            if jumps:
                break
        else:
            return
        behind = f"{folder}/{last}0"  # the key behind all that begin with the name and a slash


def _open_root(root_url: str) -> ObjectStore:
    try:
        if root_url.startswith("file:"):
            return LocalStore(local_path(root_url), mkdir=True, automatic_cleanup=True)
        return open_store(root_url)
    except (BaseError, ValueError, OSError, StorageError) as error:
        raise ConfigurationError(
            f"Storage at {root_url} cannot be opened ({error}); correct FAKESWEEP_STORAGE_URL."
        ) from error
