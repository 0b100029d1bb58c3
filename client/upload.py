"""Files as parts of a multipart request, opened only while they are sent: one at a time."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from client.errors import UploadError

Part = tuple[str, tuple[str | None, IO[bytes] | bytes]]
Sent = Callable[[int, int], None]  # so many bytes of so many


@dataclass(frozen=True)
class FileItem:
    """A file to upload, with an id of your own and the hex digest that its bytes must have."""

    path: Path
    custom_id: str | None = None
    sha256: str | None = None

    def known(self) -> dict[str, str]:
        """Return what you know of it, as the server takes it."""
        known = {"custom_id": self.custom_id, "sha256": self.sha256}
        return {name: value for name, value in known.items() if value is not None}


class Meter:
    """Counts the bytes that are read, and tells how many of all they are."""

    def __init__(self, told: Sent) -> None:
        self._told = told
        self._read = 0
        self.total = 0

    def count(self, change: int) -> None:
        """Count bytes that were read; fewer than none where they are read again."""
        self._read += change
        self._told(self._read, self.total)


class LazyFile:
    """The part of a file object that httpx reads; open only between first and last byte.

    Thousands of files in one request would otherwise need as many open file descriptors. The
    size is taken once: what a file grows by while it is being sent is left out.
    """

    def __init__(self, path: Path, meter: Meter | None = None) -> None:
        self._path = path
        self._stream: IO[bytes] | None = None
        self._size = size_of(path)
        self._left = self._size
        self._meter = meter
        if meter is not None:
            meter.total += self._size

    def tell(self) -> int:
        """Return where reading starts: the beginning."""
        return 0

    def seek(self, _offset: int, whence: int = os.SEEK_SET) -> int:
        """Return the size for the end of the file; anything else starts anew."""
        if whence == os.SEEK_END:
            return self._size
        self._close()
        self._count(self._left - self._size)
        return 0

    def read(self, size: int) -> bytes:
        """Read the next bytes; closes the file at its end."""
        try:
            if self._stream is None and self._left:
                self._stream = self._path.open("rb")
            content = self._stream.read(min(size, self._left)) if self._stream else b""
        except OSError as error:
            raise unreadable(self._path, error) from error
        self._count(len(content))
        if self._left and not content:
            raise UploadError(f"{self._path} became shorter while it was being sent; try again.")
        if not self._left:
            self._close()
        return content

    def _count(self, change: int) -> None:
        self._left -= change
        if change and self._meter is not None:
            self._meter.count(change)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def size_of(path: Path) -> int:
    """Return the file's size in bytes; raises UploadError for a file that cannot be read."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error


def text_part(field: str, value: str) -> Part:
    """Return a text part."""
    return field, (None, value.encode())


def json_part(field: str, value: object) -> Part:
    """Return a text part that holds the value as JSON."""
    return text_part(field, json.dumps(value))


def parts(
    field: str,
    paths: Iterable[Path],
    *,
    root: Path | None = None,
    on_progress: Sent | None = None,
) -> list[Part]:
    """Return one part a file, named by its path under `root`, or by its file name alone."""
    meter = None if on_progress is None else Meter(on_progress)
    return [
        (field, (name_under(path, root), cast(IO[bytes], LazyFile(path, meter)))) for path in paths
    ]


def unreadable(path: Path, error: OSError) -> UploadError:
    """Return the error that says so, and why."""
    reason = error.strerror or error
    return UploadError(f"{path} cannot be read ({reason}); correct or leave it out.")


def name_under(path: Path, root: Path | None) -> str:
    """Return the file's path under the root, or its name where it lies elsewhere, as text."""
    shown = path.relative_to(root).as_posix() if root and path.is_relative_to(root) else path.name
    return os.fsencode(shown).decode("utf-8", "replace")
