"""One program, kept running: its process of now, and when to start the next one."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

from cli.stack.orphans import bound_to_parent
from cli.stack.program import Ending, Program
from cli.stack.program_log import ProgramLog

HEALTHY_S = 5.0  # who ran that long has started well
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
FAILED_STARTS = 3  # that a program which never started well is allowed
FAILURES_IN_A_ROW = 8  # that any program is allowed


class KeptProcess:
    """Starts a program, and again when it ends: later each time that it ended early."""

    def __init__(self, program: Program, log: ProgramLog, environment: Mapping[str, str]) -> None:
        self.program = program
        self.log = log
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._restart_at = 0.0
        self._failures = 0
        self._was_healthy = False

    @property
    def is_running(self) -> bool:
        """True while a process of the program runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def keeps_failing(self) -> bool:
        """True when starting it once more is of no use."""
        allowed = FAILURES_IN_A_ROW if self._was_healthy else FAILED_STARTS
        return self._failures >= allowed

    @property
    def pause_s(self) -> float:
        """Return how long the next start waits."""
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** max(0, self._failures - 1))

    def start(self) -> None:
        """Start the program in a session of its own, which a Ctrl-C at the terminal spares."""
        self._process = subprocess.Popen(
            bound_to_parent(self.program.command),
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        if self._process.stdout is not None:
            self.log.follow(self._process.stdout)

    def start_when_due(self) -> None:
        """Start the ended program if its pause is over."""
        if self._process is None and time.monotonic() >= self._restart_at:
            self.start()

    def take_ending(self) -> Ending | None:
        """Return how the process ended, once; None while it runs."""
        if self._process is None or self._process.poll() is None:
            return None
        self.kill()
        ending = Ending(self._process.returncode, time.monotonic() - self._started_at)
        healthy = ending.ran_s >= HEALTHY_S
        self._was_healthy |= healthy
        self._failures = 1 if healthy else self._failures + 1
        self._process = None
        self._restart_at = time.monotonic() + self.pause_s
        return ending

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and all that it started, at once; also what it left behind."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
