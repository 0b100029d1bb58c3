"""A process and all its descendants: their memory and processor time, and how to suspend them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

INTERVAL_S = 0.5


def cpu_s(root: psutil.Process) -> float:
    """Return the processor time of the tree so far, with that of processes that have ended."""
    total = 0.0
    for process in _tree(root):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_bytes(root: psutil.Process) -> int:
    """Return the memory of the tree; what processes share is counted once (PSS)."""
    total = 0
    for process in _tree(root):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def suspend(root: psutil.Process) -> None:
    """Stop the tree where it is: who waits for the next turn takes nothing from who has it."""
    for process in _tree(root):
        with suppress(psutil.Error):
            process.suspend()


def resume(root: psutil.Process) -> None:
    """Let the tree go on."""
    for process in _tree(root):
        with suppress(psutil.Error):
            process.resume()


def descendants(root: psutil.Process) -> list[psutil.Process]:
    """Return the processes below the root that run now."""
    return list(_tree(root))[1:]


def kill(processes: Sequence[psutil.Process]) -> None:
    """End those at once that still run."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


class PeakMemory:
    """Looks at the memory of a tree twice a second, and keeps the most that was seen."""

    def __init__(self, root: psutil.Process) -> None:
        self._root = root
        self._stop = threading.Event()
        self.peak_bytes = 0

    def __enter__(self) -> "PeakMemory":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self._look()

    def _look(self) -> None:
        self.peak_bytes = max(self.peak_bytes, memory_bytes(self._root))


def _tree(root: psutil.Process) -> Iterator[psutil.Process]:
    yield root
    with suppress(psutil.Error):
        yield from root.children(recursive=True)
