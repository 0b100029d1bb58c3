"""The members of a zip file, a stretch of its directory at a time.

`zipfile` reads the whole directory into memory: a gigabyte for a million members. So it is shown
the same file again and again, each time with the next stretch as if that were all.
"""

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from core.sources.compression import UNREADABLE
from core.sources.members import Member, Quota, is_wanted, refused
from core.sources.spec import Heed
from core.terms import ItemCode

STRETCH_ENTRIES = 1000
STRETCH_BYTES = 1024 * 1024
# APPNOTE.TXT 4.3: directory entry, its end, its end in zip64 and the locator of that.
_ENTRY = struct.Struct("<4s24x3H12x")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_MAX_COMMENT_BYTES = 65_535
_ENCRYPTED = 0x1
# Of the others, `zipfile` decodes a whole read at once: a megabyte of bzip2 can be gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class _Directory:
    """Where the directory lies in the file, and where it says that it begins."""

    start: int
    size: int
    stated_start: int


def is_zip(stream: io.BufferedReader) -> bool:
    """Return whether the file is a zip file: by its first bytes, or else by its end.

    A tar file whose last member is a zip file ends like one, but does not begin so.
    """
    start = stream.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return True
    if start[257:262] == b"ustar":
        return False
    return zipfile.is_zipfile(stream)


def zip_members(
    stream: io.BufferedReader, quota: Quota, *, start: int, heed: Heed
) -> Iterator[Member]:
    """Yield the members that are items; those before `start` come without bytes or fault."""
    position = 0
    for stretch in _stretches(stream):
        with zipfile.ZipFile(stretch) as archive:
            for entry in archive.infolist():
                heed()
                if entry.is_dir() or not is_wanted(entry.filename):
                    continue
                if position < start:
                    if _fault(entry, quota) is None:
                        quota.count(entry.file_size)  # whoever went so far has unpacked it
                    yield Member(entry.filename)
                else:
                    yield _member(archive, entry, quota)
                position += 1


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, quota: Quota) -> Member:
    if member := _fault(entry, quota):
        return member
    try:
        with archive.open(entry) as content:
            return quota.read(entry.filename, content)
    except UNREADABLE as error:
        message = f"The member cannot be unpacked ({error})."
        return Member(entry.filename, fault=(ItemCode.FETCH_FAILED, message))
    finally:
        quota.count(entry.file_size)  # so much may have been unpacked, of a damaged one too


def _fault(entry: zipfile.ZipInfo, quota: Quota) -> Member | None:
    """Return the member with its fault when nothing of it is unpacked."""
    name = entry.filename
    if member := refused(name, is_link=stat.S_ISLNK(entry.external_attr >> 16)):
        return member
    if entry.flag_bits & _ENCRYPTED:
        message = "The member is encrypted; send an archive without a password."
        return Member(name, fault=(ItemCode.FETCH_FAILED, message))
    if entry.compress_type not in _METHODS:
        message = "The member is compressed in a way that is not accepted; use deflate."
        return Member(name, fault=(ItemCode.UNSUPPORTED_TYPE, message))
    return quota.too_large(name) if entry.file_size > quota.max_item_bytes else None


def _stretches(stream: io.BufferedReader) -> Iterator["_Stretch"]:
    directory = _find_directory(stream)
    position, end = directory.start, directory.start + directory.size
    while position < end:
        entries = bytearray()
        stream.seek(position)
        for _ in range(STRETCH_ENTRIES):
            if position + len(entries) >= end or len(entries) >= STRETCH_BYTES:
                break
            entries += _read_entry(stream)
        yield _Stretch(stream, directory, bytes(entries))
        position += len(entries)


def _read_entry(stream: io.BufferedReader) -> bytes:
    head = _read_exactly(stream, _ENTRY.size)
    signature, *lengths = _ENTRY.unpack(head)
    if signature != b"PK\x01\x02":
        raise zipfile.BadZipFile("its directory is damaged")
    return head + _read_exactly(stream, sum(lengths))


def _find_directory(stream: io.BufferedReader) -> _Directory:
    file_size = stream.seek(0, io.SEEK_END)
    tail_start = max(0, file_size - _END.size - _MAX_COMMENT_BYTES)
    stream.seek(tail_start)
    tail = stream.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END.size:
        raise zipfile.BadZipFile("its directory is missing; the file is cut off")
    size, stated_start = _END.unpack_from(tail, found)[5:7]
    end = tail_start + found
    locator = end - _LOCATOR64.size
    if locator >= _END64.size:
        stream.seek(locator - _END64.size)
        record = _read_exactly(stream, _END64.size)
        if stream.read(4) == b"PK\x06\x07" and record.startswith(b"PK\x06\x06"):
            size, stated_start = _END64.unpack(record)[8:10]
            end = locator - _END64.size
    start = end - size
    if start < stated_start:
        raise zipfile.BadZipFile("its directory is damaged")
    return _Directory(start=start, size=size, stated_start=stated_start)


def _read_exactly(stream: io.BufferedReader, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise zipfile.BadZipFile("its directory is cut off")
    return content


class _Stretch(io.RawIOBase):
    """The file up to its directory, then some of the directory's entries, then the ends."""

    def __init__(self, stream: io.BufferedReader, directory: _Directory, entries: bytes) -> None:
        self._stream = stream
        self._boundary = directory.start
        end = directory.start + len(entries)
        self._tail = b"".join(
            (
                entries,
                _END64.pack(
                    b"PK\x06\x06", 44, 45, 45, 0, 0, 0, 0, len(entries), directory.stated_start
                ),
                _LOCATOR64.pack(b"PK\x06\x07", 0, end, 1),
                _END.pack(b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
            )
        )
        self._position = 0

    def readable(self) -> bool:
        """It is read."""
        return True

    def seekable(self) -> bool:
        """It is read in any order."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the position and return it."""
        size = self._boundary + len(self._tail)
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the buffer from the position, up to the boundary or the end."""
        if self._position < self._boundary:
            self._stream.seek(self._position)
            content = self._stream.read(min(len(buffer), self._boundary - self._position))
        else:
            start = self._position - self._boundary
            content = self._tail[start : start + len(buffer)]
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
