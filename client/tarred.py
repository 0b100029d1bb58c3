"""Files of this machine as one tar archive, which is made while it is read and lies nowhere."""

import tarfile
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from client.errors import UploadError
from client.upload import name_under, size_of, unreadable

END = bytes(2 * tarfile.BLOCKSIZE)


class TarredFiles:
    """The part of a file object that uploads read: an uncompressed tar archive of the files.

    Its bytes follow from the names and sizes alone, so that an upload can go on in the middle.
    Sizes are taken once: what a file grows by is left out. Raises UploadError for a file that
    cannot be read, or became shorter.
    """

    def __init__(self, paths: Sequence[Path], *, root: Path | None) -> None:
        self.name = "files.tar" if root is None else f"{root.absolute().name or 'files'}.tar"
        self.size = 0
        self._paths = paths
        self._root = root
        self._sizes = array("Q")
        self._starts = array("Q")
        self._position = 0
        for number, path in enumerate(paths):
            self._sizes.append(size_of(path))
            self._starts.append(self.size)
            self.size += len(self._header(number)) + _padded(self._sizes[number])
        self.size += len(END)

    def seek(self, offset: int) -> int:
        """Move to the offset from the beginning."""
        self._position = offset
        return offset

    def read(self, size: int) -> bytes:
        """Return so many bytes; fewer only at the end of the archive."""
        end = min(self._position + size, self.size)
        parts: list[bytes] = []
        while self._position < end:
            parts.append(self._some(end - self._position))
            self._position += len(parts[-1])
        return b"".join(parts)

    def _some(self, most: int) -> bytes:
        """Return bytes at the position: of one header, one file with its padding, or the end."""
        number = bisect_right(self._starts, self._position) - 1
        header, body = self._header(number), _padded(self._sizes[number])
        offset = self._position - self._starts[number]
        if offset < len(header):
            return header[offset : offset + most]
        offset -= len(header)
        if offset < body:
            return self._content(number, offset, min(most, body - offset))
        return END[offset - body :][:most]

    def _content(self, number: int, offset: int, size: int) -> bytes:
        """Return so many bytes of a file from the offset on, padded with zeros."""
        path, wanted = self._paths[number], min(size, max(self._sizes[number] - offset, 0))
        try:
            with path.open("rb") as stream:
                stream.seek(offset)
                content = stream.read(wanted)
        except OSError as error:
            raise unreadable(path, error) from error
        if len(content) < wanted:
            raise UploadError(f"{path} became shorter while it was being sent; try again.")
        return content + bytes(size - wanted)

    def _header(self, number: int) -> bytes:
        entry = tarfile.TarInfo(name_under(self._paths[number], self._root))
        entry.size = self._sizes[number]
        return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
