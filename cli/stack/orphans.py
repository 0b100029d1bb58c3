"""Ties a process's life to its parent's, so that even a killed stack leaves nothing running."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process (SIGKILL) when its parent ends; elsewhere than Linux: no-op.

    For `preexec_fn`, or before an exec, which keeps the setting. To the kernel the parent is the
    thread that started the process: start it from one that lives as long as the process.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended between the two calls
        os.kill(os.getpid(), signal.SIGKILL)
