"""Local files, opened so that only a regular file, where it may lie, is ever read."""

import errno
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

from core.errors import ItemError, StorageError
from core.terms import ItemCode

# What these say of a file stays so; anything else (EIO, ESTALE, EMFILE, ...) can heal.
_FINAL = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENXIO,
        errno.ENODEV,
        errno.EINVAL,
    }
)

_PLAIN = re.compile(r"file:///[\w/.+,=@ -]*", re.ASCII)

Verify = Callable[[Path], None]


def local_path(uri: str) -> str:
    """Return the path of a `file://` URI; undecodable bytes of a name survive.

    Raises ValueError for a URI that is not one of a local file's, with all else percent-encoded.
    """
    if _PLAIN.fullmatch(uri):  # as nearly all are; a million of them are read in turn
        return uri.removeprefix("file://")
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ValueError("it names no local file")
    if parts.query or parts.fragment:
        raise ValueError("`?` and `#` must be written as %3F and %23")
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if not path.startswith("/") or "\0" in path:
        raise ValueError("it names no absolute path")
    return path


def open_file(uri: str, *, verify: Verify | None = None) -> BinaryIO:
    """Open the regular file that a `file://` URI names, for reading.

    Pipes, devices and sockets are neither waited for nor read. `verify` gets the real path of
    what was opened, so that a link that is changed between a look and the opening changes nothing.
    Raises ItemError for what is final and StorageError for what can heal.
    """
    try:
        descriptor = os.open(local_path(uri), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise ItemError(ItemCode.FETCH_FAILED, f"The file's URI is not usable: {error}.") from error
    except OSError as error:
        raise file_fault(error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ItemError(
                ItemCode.FETCH_FAILED, "The path names no regular file; name an image's file."
            )
        if verify is not None:
            verify(real_path(descriptor, local_path(uri)))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def file_fault(error: OSError) -> ItemError | StorageError:
    """Return what an error of the file system means: final for the file, or to be tried again."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FINAL:
        return ItemError(
            ItemCode.FETCH_FAILED,
            f"The file could not be read ({reason}); check that it exists and is readable.",
        )
    return StorageError(f"The file could not be read now ({reason}).")


def real_path(descriptor: int, path: str) -> Path:
    """Return where an opened file really lies; elsewhere than on Linux, where its name leads."""
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:
        return Path(path).resolve()
