"""Starts the programs of a contender: each dies with whoever started it, and writes a log."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench import tree
from cli.stack.orphans import die_with_parent

PATIENCE_S = 120
POLL_S = 0.05
GOODBYE_S = 10


class ProgramEndedError(RuntimeError):
    """A program ended, or did not become ready; the end of its log is the message."""


@contextmanager
def running(
    log: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with the arguments; end it by SIGTERM."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            preexec_fn=die_with_parent,
        )
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process in an orderly way, or at once if that takes long; nobody of it stays."""
    below = tree.descendants(psutil.Process(process.pid)) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(timeout=GOODBYE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    tree.kill(below)


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the program of a process is ready; raises ProgramEndedError."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ProgramEndedError(log.read_text(errors="replace")[-3000:])
        time.sleep(POLL_S)
