"""Bytes by URI: what the installation keeps (uploads, unpacked archives) and what items point to.

Object stores (s3://, gs://, az://) go through obstore. Local files are opened directly: obstore
rewrites some characters of a path, and people's files carry every name there is.
"""

import errno
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO
from urllib.parse import unquote_to_bytes, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from core.errors import ConfigurationError, ItemError, StorageError, StorageFullError
from core.terms import ItemCode

PART_BYTES = 1024 * 1024
FULL_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
FULL_SIGNS = (*(f"(os error {number})" for number in FULL_NUMBERS), "StorageFull")


class Storage:
    """The folder or object-store prefix where this installation keeps bytes."""

    def __init__(self, root_url: str) -> None:
        self._root_url = root_url.rstrip("/")
        self._store = _open_store(self._root_url)

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
                f"Storage at {self._root_url} did not take {key} ({error}); "
                "check that it is reachable and has room."
            ) from error
        return self.uri(key)

    def delete(self, prefix: str) -> None:
        """Delete everything under the prefix; raises StorageError."""
        try:
            for page in obstore.list(self._store, prefix=prefix):
                obstore.delete(self._store, [meta["path"] for meta in page])
        except (BaseError, OSError) as error:
            raise StorageError(
                f"Storage at {self._root_url} did not delete {prefix} ({error})."
            ) from error


def read_bytes(uri: str, *, max_bytes: int) -> bytes:
    """Read a whole object or file of at most `max_bytes`.

    Raises ItemError with `too_large` or `fetch_failed`: the caller reads images, one an item.
    """
    try:
        if uri.startswith("file:"):
            return _read_file(local_path(uri), max_bytes)
        return _read_object(uri, max_bytes)
    except (BaseError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise ItemError(
            ItemCode.FETCH_FAILED,
            f"The file could not be read ({reason}); check that it exists and is readable.",
        ) from error


def is_full(error: Exception) -> bool:
    """Return whether the error says that a disk or a quota is full.

    An object store's error has no number, and local files written through one have it in the text.
    """
    if isinstance(error, OSError) and error.errno in FULL_NUMBERS:
        return True
    return isinstance(error, BaseError) and any(sign in str(error) for sign in FULL_SIGNS)


def open_stream(uri: str) -> IO[bytes]:
    """Open a seekable, buffered binary stream; raises StorageError."""
    try:
        if uri.startswith("file:"):
            return Path(local_path(uri)).open("rb")
        store, key = _locate(uri)
        return obstore.open_reader(store, key)  # pyright: ignore[reportReturnType] - file-like
    except (BaseError, OSError) as error:
        raise StorageError(f"{uri} could not be opened ({error}).") from error


def local_path(uri: str) -> str:
    """Return the path of a `file://` URI; undecodable bytes of a name survive."""
    return os.fsdecode(unquote_to_bytes(urlsplit(uri).path))


def _read_file(path: str, max_bytes: int) -> bytes:
    with Path(path).open("rb") as stream:
        require_size(os.fstat(stream.fileno()).st_size, max_bytes)
        content = stream.read(max_bytes + 1)
    require_size(len(content), max_bytes)
    return content


def _read_object(uri: str, max_bytes: int) -> bytes:
    store, key = _locate(uri)
    response = obstore.get(store, key)
    require_size(response.meta["size"], max_bytes)
    return bytes(response.bytes())


def require_size(size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise ItemError(
            ItemCode.TOO_LARGE,
            f"The file has {size_bytes:,} bytes; at most {max_bytes:,} are accepted. "
            "Scale the image down or raise FAKESWEEP_MAX_IMAGE_BYTES.",
        )


def _locate(uri: str) -> tuple[ObjectStore, str]:
    parts = urlsplit(uri)
    return _open_store(f"{parts.scheme}://{parts.netloc}"), parts.path.lstrip("/")


@lru_cache(maxsize=64)
def _open_store(root_url: str) -> ObjectStore:
    try:
        if root_url.startswith("file:"):
            return LocalStore(local_path(root_url), mkdir=True, automatic_cleanup=True)
        return from_url(root_url)
    except (BaseError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"Storage at {root_url} cannot be opened ({error}); correct FAKESWEEP_STORAGE_URL."
        ) from error
