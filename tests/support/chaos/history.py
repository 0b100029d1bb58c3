"""What happened in a trial, written down as it happens, to be checked against the verdicts.

Each process appends to a file of its own. A worker notes a scored item before its verdict can be
committed, so that no rerun goes uncounted, whatever kills the worker then.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Note:
    """One line of the history: when (`time.monotonic`), in which process, what."""

    at: float
    pid: int
    event: str
    detail: str


class History:
    """A folder of notes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def note(self, event: str, *details: object) -> None:
        """Append a note for each detail, or a single one without; all in one write."""
        self._append(event, [str(detail) for detail in details] or ["-"])

    def of(self, event: str) -> list[Note]:
        """Return the notes of the event, in the order of their times."""
        return sorted(self._read(event), key=lambda note: note.at)

    def scored(self, model_version: str) -> Counter[int]:
        """Return how often each position was scored by the model version."""
        details = (note.detail.split() for note in self.of("scored"))
        return Counter(int(position) for position, version in details if version == model_version)

    def _append(self, event: str, details: Sequence[str]) -> None:
        at, pid = time.monotonic(), os.getpid()
        lines = "".join(f"{at:.4f} {pid} {event} {detail}\n" for detail in details)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self.folder / f"{pid}.txt", flags, 0o644)
        try:
            os.write(descriptor, lines.encode())
        finally:
            os.close(descriptor)

    def _read(self, event: str) -> Iterator[Note]:
        for file in self.folder.glob("*.txt"):
            for line in file.read_text().splitlines():
                if f" {event} " in line:  # most lines are of another: do not take them apart
                    at, pid, found, detail = line.split(" ", 3)
                    if found == event:
                        yield Note(float(at), int(pid), event, detail)
