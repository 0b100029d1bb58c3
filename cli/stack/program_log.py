"""The log of one program: kept in a file that rotates, and handed on line by line."""

from collections.abc import Callable
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Thread
from typing import IO

MAX_BYTES = 10 * 1024**2
BACKUPS = 3
ERROR_PREFIX = "Error: "  # how the commands open the sentence that they end with

Echo = Callable[[str, str], None]


class ProgramLog:
    """Takes the output of a program's processes, one after the other."""

    def __init__(self, name: str, folder: Path, echo: Echo) -> None:
        self.path = folder / f"{name}.log"
        self._name = name
        self._echo = echo
        self._handler = RotatingFileHandler(
            self.path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8"
        )
        self._thread: Thread | None = None
        self._last_line = ""

    def follow(self, output: IO[bytes]) -> None:
        """Take a process's output until it ends."""
        self._last_line = ""
        self._thread = Thread(target=self._pump, args=(output,), name=f"log-{self._name}")
        self._thread.daemon = True
        self._thread.start()

    def last_words(self) -> str:
        """Return the last line of the ended process, without its prefix."""
        self._drain()
        return self._last_line.removeprefix(ERROR_PREFIX)

    def close(self) -> None:
        """Close the file."""
        self._drain()
        self._handler.close()

    def _drain(self) -> None:
        # A process that the program left behind may hold its output open: don't wait for that.
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _pump(self, output: IO[bytes]) -> None:
        with output:
            for raw in output:
                line = raw.decode("utf-8", "replace").rstrip()
                if line:
                    self._last_line = line
                self._handler.handle(_record(self._name, line))
                self._echo(self._name, line)


def _record(name: str, line: str) -> LogRecord:
    return LogRecord(name, 0, "", 0, line, None, None)
