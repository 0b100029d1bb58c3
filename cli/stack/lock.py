"""One stack a data folder: a lock that the kernel frees, and what the holder says of itself."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import ConfigurationError


@dataclass(frozen=True)
class Holder:
    """Who runs the stack of a data folder."""

    command: str  # "up" or "scan"
    pid: int
    url: str

    def __str__(self) -> str:
        return f"`fakesweep {self.command}` (process {self.pid}, {self.url})"


@contextmanager
def stack_lock(run_dir: Path, holder: Holder) -> Iterator[None]:
    """Hold the data folder's stack; raises ConfigurationError when another process does."""
    try:
        run_dir.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # people's images
        run_dir.mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(_path(run_dir), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {run_dir} cannot be written ({error.strerror}); "
            "set FAKESWEEP_DATA_DIR to one that can."
        ) from error
    try:
        _take(descriptor, run_dir)
        os.truncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(holder)).encode())
        yield
    finally:
        os.close(descriptor)


def find_holder(run_dir: Path) -> Holder | None:
    """Return who runs the stack of this data folder now, if anyone does."""
    try:
        with _path(run_dir).open("rb") as stream:
            if _is_free(stream.fileno()):
                return None
            return Holder(**json.load(stream))
    except (OSError, ValueError, TypeError):
        return None


def _take(descriptor: int, run_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = find_holder(run_dir) or "another process"
        raise ConfigurationError(
            f"{run_dir.parent} is in use by {holder}. Stop that first, "
            "or set FAKESWEEP_DATA_DIR to another folder."
        ) from None


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _path(run_dir: Path) -> Path:
    return run_dir / "stack.lock"
