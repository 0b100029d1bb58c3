"""A small disk that a test fills and empties again.

Root mounts one; anybody else has the workers' writes refused, as a full disk does.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.chaos.faults import Fault, Faults

SIZE_BYTES = 64 * 1024**2
PART_BYTES = 1024**2


class SmallDisk:
    """A folder with little room."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self.folder = folder
        self._faults = faults
        self._ballast = folder / "ballast"

    def fill(self, *, but_bytes: int = 0) -> None:
        """Leave no room on the disk, or only so much."""
        if not is_root():
            self._faults.turn_on(Fault.DISK_IS_FULL)
            return
        with self._ballast.open("wb", buffering=0) as stream, suppress(OSError):
            while _free(self.folder) > but_bytes:
                stream.write(bytes(min(PART_BYTES, _free(self.folder) - but_bytes)))

    def empty(self) -> None:
        """Make room again."""
        self._faults.turn_off(Fault.DISK_IS_FULL)
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, faults: Faults) -> Iterator[SmallDisk]:
    """Mount a small disk at the folder."""
    folder.mkdir()
    if is_root():
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "fakesweep", str(folder)]
        subprocess.run(mount, check=True)
    try:
        yield SmallDisk(folder, faults)
    finally:
        if is_root():
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def is_root() -> bool:
    """Return whether we may mount."""
    return os.geteuid() == 0


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
