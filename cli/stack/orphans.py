"""Ties a process's life to its parent's, so that even a killed stack leaves nothing running.

Also a program of its own, without any import of ours: `orphans.py COMMAND...` becomes COMMAND.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def bound_to_parent(command: Sequence[str]) -> list[str]:
    """Return a command that runs `command` and ends (SIGKILL) when its parent does.

    To the kernel the parent is the thread that started the process: start it from one that
    lives as long as the process should.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel end this process when its parent ends; does nothing outside Linux.

    The setting outlives an exec. `parent` is who the parent must be: it may have ended already.
    """
    if sys.platform != "linux":
        return
    expected = os.getppid() if parent is None else parent
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != expected:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
