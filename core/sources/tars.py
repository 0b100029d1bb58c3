"""The members of a tar file, as a stream, in memory that does not depend on them."""

import io
import tarfile
from collections.abc import Iterator
from typing import IO, Self, cast

from core.sources.compression import Readable, decompressed
from core.sources.members import Member, Quota, is_wanted, refused
from core.sources.spec import Heed

MAX_HEADER_BYTES = 64 * 1024
_LONG_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_DAMAGED = (
    tarfile.TruncatedHeaderError,  # pyright: ignore[reportAttributeAccessIssue] - not in the stubs
    tarfile.InvalidHeaderError,  # pyright: ignore[reportAttributeAccessIssue]
)


def tar_members(
    stream: io.BufferedReader, quota: Quota, *, start: int, heed: Heed
) -> Iterator[Member]:
    """Yield the members that are items; those before `start` come without bytes or fault."""
    plain = cast(
        "IO[bytes]", _Counted(decompressed(stream), quota, heed)
    )  # nothing else is asked for
    with tarfile.open(fileobj=plain, mode="r|", tarinfo=_BoundedTarInfo) as archive:
        position = 0
        while (entry := archive.next()) is not None:
            # The module remembers every member and every global header of the file.
            archive.members.clear()  # pyright: ignore[reportAttributeAccessIssue] - not in the stubs
            archive.pax_headers = {}
            is_link = entry.islnk() or entry.issym()
            if is_wanted(entry.name) and (entry.isreg() or is_link):
                if position < start:
                    yield Member(entry.name)
                else:
                    yield refused(entry.name, is_link=is_link) or _read(archive, entry, quota)
                position += 1


def _read(archive: tarfile.TarFile, entry: tarfile.TarInfo, quota: Quota) -> Member:
    content = archive.extractfile(entry) if entry.size <= quota.max_item_bytes else None
    return quota.too_large(entry.name) if content is None else quota.read(entry.name, content)


class _Counted:
    """The unpacked stream, counted: what is passed over costs as much time as what is kept."""

    def __init__(self, stream: Readable, quota: Quota, heed: Heed) -> None:
        self._stream = stream
        self._quota = quota
        self._heed = heed

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; raises SourceError when there were too many."""
        self._heed()
        content = self._stream.read(size)
        self._quota.count(len(content))
        return content


class _BoundedTarInfo(tarfile.TarInfo):
    """Refuses headers that would be read into memory whole, and damage that would end the list."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Read the next header; the module takes a damaged one for the end of the file."""
        try:
            return super().fromtarfile(archive)
        except _DAMAGED as error:
            raise tarfile.ReadError(str(error)) from error

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Read what belongs to the header; the module offers this method to subclasses."""
        if self.type in _LONG_HEADERS and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header has more than {MAX_HEADER_BYTES:,} bytes")
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("sparse files are not unpacked")
        return super()._proc_member(archive)  # pyright: ignore[reportAttributeAccessIssue]

    def _proc_gnusparse_10(self, *_: object) -> None:
        raise tarfile.ReadError("sparse files are not unpacked")
