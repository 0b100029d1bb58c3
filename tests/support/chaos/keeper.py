"""`python -m tests.support.chaos.keeper`: starts the processes of trials, and again what dies.

It has everything imported and forks, so that a new worker is there at once: with workers that
are killed every other second, a busy machine would do little else than start interpreters.

Orders come as JSON lines on standard input, and all ends when that does. A JSON line on standard
output says which process of a program runs now.
"""

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cli.stack.orphans import die_with_parent
from tests.support.chaos import api, beat, worker
from tests.support.chaos.history import History

PROGRAMS: dict[str, Callable[[], int]] = {
    "worker": worker.main,
    "beat": beat.main,
    "api": api.main,
}
TICK_S = 0.01
PAUSE_S = 0.2  # between two starts, so that a program which cannot start leaves us a core
READ_BYTES = 65536


@dataclass
class Kept:
    """A program of a trial, and its process of now."""

    name: str
    program: str
    folder: str
    environment: dict[str, str]
    pid: int = 0
    started_at: float = float("-inf")

    def keep(self) -> None:
        """Start the process unless it runs; note its end."""
        if self.pid and (ended := os.waitpid(self.pid, os.WNOHANG)) != (0, 0):
            code = os.waitstatus_to_exitcode(ended[1])
            History(Path(self.folder) / "history").note("ended", f"{self.name} {self.pid} {code}")
            self._kill_group()
            self._is_now(0)
        if not self.pid and time.monotonic() - self.started_at > PAUSE_S:
            self.started_at = time.monotonic()
            keeper = os.getpid()
            if (pid := os.fork()) == 0:
                self._become_program(keeper)
            self._is_now(pid)

    def end(self) -> None:
        """Kill the process and what it has started."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._kill_group()

    def _is_now(self, pid: int) -> None:
        self.pid = pid
        os.write(1, json.dumps({"name": self.name, "pid": pid}).encode() + b"\n")

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _become_program(self, keeper: int) -> NoReturn:
        code = 1
        try:
            os.setsid()
            die_with_parent(keeper)
            os.environ.clear()
            os.environ.update(self.environment)
            os.chdir(self.folder)
            _redirect(Path(f"{self.name}.log"))
            code = PROGRAMS[self.program]()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        except BaseException:  # whatever it is, this process must not go on as a keeper
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def main() -> None:
    """Keep running what was ordered."""
    kept: list[Kept] = []
    pending = b""
    while True:
        if select.select([0], [], [], TICK_S)[0]:
            received = os.read(0, READ_BYTES)
            if not received:
                break
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                kept = _obey(json.loads(line), kept)
        for one in kept:
            one.keep()
    for one in kept:
        one.end()


def _obey(order: dict[str, dict[str, str]], kept: list[Kept]) -> list[Kept]:
    if "keep" in order:
        return [*kept, Kept(**order["keep"])]  # pyright: ignore[reportArgumentType] - what Supervisor sends
    for one in kept:
        one.end()
    os.write(1, json.dumps({"name": "", "pid": 0}).encode() + b"\n")
    return []


def _redirect(log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    main()
