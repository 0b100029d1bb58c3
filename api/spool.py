"""Where the files of a multipart body lie while a request is read: one temporary file a request.

Werkzeug's own way keeps half a megabyte of each file in memory and one file descriptor a file,
which at ten thousand files is gigabytes and more descriptors than a process may have.
"""

import os
from io import SEEK_END, SEEK_SET, RawIOBase
from tempfile import TemporaryFile
from typing import IO, cast

from flask import Request

from api.forms import FormParser


class SpoolPart(RawIOBase):
    """One file of the body: a stretch of the spool. Parts come, and are written, one by one."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._descriptor = spool.fileno()
        self._start = os.fstat(self._descriptor).st_size
        self._position = 0
        self._size = 0

    def readable(self) -> bool:
        """Parts are read."""
        return True

    def writable(self) -> bool:
        """Parts are written."""
        return True

    def seekable(self) -> bool:
        """Parts can be read again."""
        return True

    def write(self, data: bytes, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Write all of the data at the position."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._descriptor, rest, self._start + self._position)
            self._position += written
            rest = rest[written:]
        self._size = max(self._size, self._position)
        return len(data)

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the buffer from the position, up to the part's end."""
        wanted = min(len(buffer), self._size - self._position)
        data = os.pread(self._descriptor, wanted, self._start + self._position) if wanted else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Move the position and return it."""
        base = {SEEK_SET: 0, SEEK_END: self._size}.get(whence, self._position)
        self._position = min(max(base + offset, 0), self._size)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position


class SpoolingRequest(Request):
    """A request whose files lie in one temporary file, deleted when the request ends."""

    form_data_parser_class = FormParser
    _spool: IO[bytes] | None = None

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - Werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        if self._spool is None:
            self._spool = cast("IO[bytes]", TemporaryFile(buffering=0))  # noqa: SIM115 - closed in `close`
        return cast("IO[bytes]", SpoolPart(self._spool))

    def close(self) -> None:
        """Close the files of the request, and give back the disk that they took."""
        super().close()
        if self._spool is not None:
            self._spool.close()
