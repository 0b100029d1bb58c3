"""A zip or tar archive: its members unpacked into storage, one item each.

Member names are only ever labels, never paths, so no name can lead out of storage. Sizes are
counted while unpacking, because what an archive says of itself is not to be trusted.
"""

import lzma
import mimetypes
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from core.errors import SourceError
from core.sources.spec import SourceItem
from core.storage import Storage
from core.streams import open_stream
from core.terms import ItemCode

_UNREADABLE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True)
class _Member:
    name: str
    content: bytes | None
    fault: tuple[ItemCode, str] | None = None


def unpack(
    uri: str,
    *,
    storage: Storage,
    prefix: str,
    max_item_bytes: int,
    max_items: int,
    max_total_bytes: int,
    start: int = 0,
) -> Iterator[SourceItem]:
    """Yield one item a member file, in the archive's order, each kept in storage before.

    Folders, hidden files and files whose name says that they are no image are left out.
    Raises SourceError for what is no archive, or one with too many members or bytes.
    """
    total_bytes = 0
    for position, member in enumerate(_members(uri, max_item_bytes)):
        if position >= max_items:
            raise SourceError(f"The archive has more than {max_items:,} files; split it.")
        total_bytes += len(member.content or b"")
        if total_bytes > max_total_bytes:
            raise SourceError(f"The archive unpacks to more than {max_total_bytes:,} bytes.")
        if position >= start:
            yield _keep(member, position, storage=storage, prefix=prefix)


def _keep(member: _Member, position: int, *, storage: Storage, prefix: str) -> SourceItem:
    if member.content is None:
        code, message = member.fault or (ItemCode.FETCH_FAILED, "The member cannot be read.")
        return SourceItem(uri="", name=member.name, fault_code=code, fault_message=message)
    return SourceItem(
        uri=storage.write(f"{prefix}/{position:08d}", member.content), name=member.name
    )


def _members(uri: str, max_item_bytes: int) -> Iterator[_Member]:
    with open_stream(uri) as stream:
        is_zip = zipfile.is_zipfile(stream)
        stream.seek(0)
        try:
            yield from (_zip_members if is_zip else _tar_members)(stream, max_item_bytes)
        except _UNREADABLE as error:
            raise SourceError(
                f"The archive cannot be read ({error}); it must be a zip or tar file, "
                "the latter plain or compressed with gzip, bzip2 or xz."
            ) from error


def _zip_members(stream: IO[bytes], max_item_bytes: int) -> Iterator[_Member]:
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or not _is_candidate(entry.filename):
                continue
            try:
                with archive.open(entry) as content:
                    yield _read(entry.filename, content, max_item_bytes)
            except _UNREADABLE as error:
                message = f"The member cannot be unpacked ({error})."
                yield _Member(entry.filename, None, (ItemCode.FETCH_FAILED, message))


def _tar_members(stream: IO[bytes], max_item_bytes: int) -> Iterator[_Member]:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is not None and _is_candidate(entry.name):
                yield _read(entry.name, content, max_item_bytes)


def _read(name: str, content: IO[bytes], max_item_bytes: int) -> _Member:
    label = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    data = content.read(max_item_bytes + 1)
    if len(data) <= max_item_bytes:
        return _Member(label, data)
    message = f"The file unpacks to more than {max_item_bytes:,} bytes; scale the image down."
    return _Member(label, None, (ItemCode.TOO_LARGE, message))


def _is_candidate(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    guessed, _ = mimetypes.guess_type(path.name)
    return not hidden and (guessed is None or guessed.startswith("image/"))
