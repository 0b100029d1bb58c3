"""What the stack runs: one program, and how one process of it ended."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

CONFIGURATION_EXIT_CODE = 2


@dataclass(frozen=True)
class Program:
    """A command to keep running.

    Programs of a lower stage start first and stop last; the next stage starts once `is_ready`
    of each is true. `stop_grace_s` is the time it has to end after SIGTERM.
    """

    name: str
    command: tuple[str, ...]
    stage: int = 0
    stop_grace_s: float = 10
    is_ready: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Ending:
    """How a process ended: its return code (negative: the signal), and after how long."""

    code: int
    ran_s: float

    def __str__(self) -> str:
        if self.code >= 0:
            return f"exit code {self.code}"
        return f"killed by {signal.Signals(-self.code).name}"
