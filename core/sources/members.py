"""The members of an archive: which of them are items, and how much they may unpack to."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from core.errors import SourceError
from core.names import is_archive_name, is_image_name
from core.terms import ItemCode

NEVER_UNPACKED = (".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")


@dataclass(frozen=True)
class Member:
    """A member that is an item: its bytes, or a fault; neither when it is passed over."""

    name: str
    content: bytes | None = None
    fault: tuple[ItemCode, str] | None = None


class Quota:
    """Counts what an archive unpacks to, wanted or not, and bounds it."""

    def __init__(self, *, max_item_bytes: int, max_total_bytes: int) -> None:
        self.max_item_bytes = max_item_bytes
        self._max_total_bytes = max_total_bytes
        self._total_bytes = 0

    def count(self, size_bytes: int) -> None:
        """Add bytes that were unpacked; raises SourceError when they are too many."""
        self._total_bytes += size_bytes
        if self._total_bytes > self._max_total_bytes:
            raise SourceError(
                f"The archive unpacks to more than {self._max_total_bytes:,} bytes; split it."
            )

    def read(self, name: str, content: IO[bytes]) -> Member:
        """Read a member, of a too large one no more than shows that it is."""
        data = content.read(self.max_item_bytes + 1)
        return Member(name, data) if len(data) <= self.max_item_bytes else self.too_large(name)

    def too_large(self, name: str) -> Member:
        """Return the member with the fault that it is too large."""
        message = f"The file unpacks to more than {self.max_item_bytes:,} bytes; scale it down."
        return Member(name, fault=(ItemCode.TOO_LARGE, message))


def is_wanted(name: str) -> bool:
    """Return whether a member of this name is an item: an image, or one that must be said of."""
    path = PurePosixPath(name)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return not hidden and (_is_nested(name) or is_image_name(path.name))


def refused(name: str, *, is_link: bool) -> Member | None:
    """Return the member with its fault when its kind is never unpacked."""
    if is_link:
        message = "The member is a link; put the file itself into the archive."
        return Member(name, fault=(ItemCode.UNSUPPORTED_TYPE, message))
    if _is_nested(name):
        message = "Archives within an archive are not unpacked; submit them on their own."
        return Member(name, fault=(ItemCode.UNSUPPORTED_TYPE, message))
    return None


def _is_nested(name: str) -> bool:
    return is_archive_name(name) or name.lower().endswith(NEVER_UNPACKED)
