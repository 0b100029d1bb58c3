"""A zip or tar archive: its members unpacked into storage, one item each.

Member names are only ever shown, never used as paths, so no name can lead out of storage. Sizes
are counted while unpacking, because what an archive says of itself is not to be trusted.
"""

import io
from collections.abc import Iterator

from core.errors import SourceError
from core.names import clean_name
from core.sources.compression import UNREADABLE
from core.sources.members import Member, Quota
from core.sources.spec import ArchiveSource, Heed, SourceItem, heedless
from core.sources.tars import tar_members
from core.sources.zips import is_zip, zip_members
from core.storage import Storage
from core.streams import open_stream


def unpack(
    source: ArchiveSource,
    *,
    storage: Storage,
    prefix: str,
    max_item_bytes: int,
    max_items: int,
    max_total_bytes: int,
    start: int = 0,
    heed: Heed = heedless,
) -> Iterator[SourceItem]:
    """Yield one item a member file, in the archive's order, each kept in storage before.

    Folders, hidden files and files whose name says that they are no image are left out; links and
    archives within the archive are items with a fault. What lies before `start` is not written
    again. Raises SourceError for what is no archive, or one with too many members or bytes.
    """
    quota = Quota(max_item_bytes=max_item_bytes, max_total_bytes=max_total_bytes)
    with open_stream(source.uri, parts=source.parts) as stream:
        for position, member in enumerate(_members(stream, quota, start, heed)):
            if position >= max_items:
                raise SourceError(f"The archive has more than {max_items:,} files; split it.")
            if position >= start:
                yield _keep(member, storage=storage, key=f"{prefix}/{position:08d}")


def _members(stream: io.BufferedReader, quota: Quota, start: int, heed: Heed) -> Iterator[Member]:
    try:
        members = zip_members if is_zip(stream) else tar_members
        stream.seek(0)
        yield from members(stream, quota, start=start, heed=heed)
    except UNREADABLE as error:
        raise SourceError(
            f"The archive cannot be read to its end ({error}). It must be a zip or tar file, the "
            "latter plain or compressed with gzip, bzip2, xz or zstd."
        ) from error


def _keep(member: Member, *, storage: Storage, key: str) -> SourceItem:
    name = clean_name(member.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    if member.content is not None:
        return SourceItem(uri=storage.write(key, member.content), name=name)
    if member.fault is None:
        raise RuntimeError("A member to keep came without bytes.")
    code, message = member.fault
    return SourceItem(uri="", name=name, fault_code=code, fault_message=message)
