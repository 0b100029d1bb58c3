"""Files and objects as seekable streams of bounded memory, one part or several in a row."""

import errno
import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO, Protocol

from core.errors import ItemError, SourceError, StorageError
from core.localfiles import Verify, file_fault, open_file
from core.objects import is_object_uri, read_range, size_of

BUFFER_BYTES = 1024 * 1024


class Part(Protocol):
    """A stretch of bytes in storage."""

    @property
    def uri(self) -> str: ...

    @property
    def size(self) -> int: ...


def open_stream(
    uri: str, *, parts: Sequence[Part] = (), verify: Verify | None = None
) -> io.BufferedReader:
    """Open a file or an object, or the given parts as if they were one; one is open at a time.

    Objects are read in ranges, so a reader may take its time. Raises SourceError for what is not
    there or may not be read, and StorageError for what can heal; reading raises the same.
    """
    first = _open_part(parts[0].uri if parts else uri, verify)
    sizes = [part.size for part in parts] or [first.size]
    uris = [part.uri for part in parts] or [uri]
    return io.BufferedReader(_Joined(uris, sizes, first, verify), BUFFER_BYTES)


class _FilePart:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = os.fstat(stream.fileno()).st_size

    def read(self, start: int, length: int) -> bytes:
        try:
            return os.pread(self._stream.fileno(), length, start)
        except OSError as error:
            raise StorageError(str(file_fault(error))) from error

    def close(self) -> None:
        self._stream.close()


class _ObjectPart:
    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.size = size_of(uri)

    def read(self, start: int, length: int) -> bytes:
        try:
            return read_range(self._uri, start=start, length=length)
        except ItemError as error:
            raise SourceError(error.message) from error

    def close(self) -> None:
        """Hold nothing open."""


def _open_part(uri: str, verify: Verify | None) -> _FilePart | _ObjectPart:
    try:
        if is_object_uri(uri):
            return _ObjectPart(uri)
        return _FilePart(open_file(uri, verify=verify))
    except ItemError as error:
        raise SourceError(error.message) from error


class _Joined(io.RawIOBase):
    """Parts as one file; only the stretch that is asked for is ever in memory."""

    def __init__(
        self,
        uris: Sequence[str],
        sizes: Sequence[int],
        first: _FilePart | _ObjectPart,
        verify: Verify | None,
    ) -> None:
        self._uris = uris
        self._starts = [0, *accumulate(sizes)]
        self._index, self._part = 0, first
        self._verify = verify
        self._position = 0

    def readable(self) -> bool:
        """Parts are read."""
        return True

    def seekable(self) -> bool:
        """Parts can be read again."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the position and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "a position before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the buffer from the position, up to the part's end."""
        if self._position >= self._starts[-1] or not buffer:
            return 0
        index = bisect_right(self._starts, self._position) - 1
        wanted = min(len(buffer), self._starts[index + 1] - self._position)
        content = self._open(index).read(self._position - self._starts[index], wanted)
        if not content:
            raise StorageError("The file became shorter while it was read.")
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def close(self) -> None:
        """Close the part that is open."""
        self._part.close()
        super().close()

    def _open(self, index: int) -> _FilePart | _ObjectPart:
        if index != self._index:
            self._part.close()
            self._part = _open_part(self._uris[index], self._verify)
            self._index = index
        return self._part
