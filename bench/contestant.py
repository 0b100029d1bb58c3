"""The bench's end of a contender's process: starts it, asks it, measures its whole tree."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from bench import tree
from bench.entries import Entry
from bench.figures import Push
from bench.place import ImageSet, Place
from cli.stack.orphans import die_with_parent

PATIENCE_S = 900
GOODBYE_S = 60
SETTLE_S = 0.2  # for what was due while it was suspended
TAIL = 1500


class ContestantError(RuntimeError):
    """A contender could not do what it was asked; the message ends with its log."""


class Contestant:
    """A contender in a process of its own."""

    def __init__(self, entry: Entry, place: Place) -> None:
        """Start the process; `wait_until_ready` tells when it can be asked."""
        self.entry = entry
        self._log = place.folder / f"{entry.letter}-{place.workload}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.driver", entry.letter],
                env=place.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # else the kernel may hang up on whom we suspend
                preexec_fn=die_with_parent,
            )
        self._tree = psutil.Process(self._process.pid)
        self._below: list[psutil.Process] | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let it run in the block, and suspend it afterwards."""
        tree.resume(self._tree)
        time.sleep(SETTLE_S)
        try:
            yield
        finally:
            tree.suspend(self._tree)

    def wait_until_ready(self) -> None:
        """Wait until it has started; raises ContestantError."""
        self._answer()

    def push(self, images: ImageSet) -> Push:
        """Have it put the images through once."""
        before_s = tree.cpu_s(self._tree)
        with tree.PeakMemory(self._tree) as memory:
            seconds = self._ask(do="push", images=_named(images))
            used_s = tree.cpu_s(self._tree) - before_s
        return Push(images.count, seconds, used_s, memory.peak_bytes)

    def scans(self, images: ImageSet) -> list[float]:
        """Have it scan single images, one after the other; return the seconds of each."""
        return self._ask(do="scans", singles=_named(images))

    def scans_under_bulk(
        self, singles: ImageSet, bulk: ImageSet, *, apart_s: float, head_start_s: float
    ) -> list[float]:
        """Have it scan single images while it is busy; return the seconds of each that counts."""
        return self._ask(
            do="scans_under_bulk",
            singles=_named(singles),
            images=_named(bulk),
            apart_s=apart_s,
            head_start_s=head_start_s,
        )

    def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Call a method that only this contender has."""
        return self._ask(do="call", method=method, arguments=arguments)

    def say_stop(self) -> None:
        """Tell it to end, with everything that it started."""
        tree.resume(self._tree)
        self._below = tree.descendants(self._tree)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """Wait until it has ended; what is left then is ended at once."""
        if self._below is None:
            self.say_stop()
        try:
            self._process.wait(timeout=GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        tree.kill(self._below or [])

    def _ask(self, **command: object) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdin is not None, "The process was started with a pipe."
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._failure() from error
        return self._answer()

    def _answer(self) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdout is not None, "The process was started with a pipe."
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_S)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            raise self._failure()
        return json.loads(line)["answer"]

    def _failure(self) -> ContestantError:
        log = self._log.read_text(errors="replace")[-TAIL:]
        return ContestantError(f"({self.entry.letter}) {self.entry.name} did not answer: {log}")


def _named(images: ImageSet) -> tuple[str, int]:
    return str(images.folder), images.count
