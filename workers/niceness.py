"""How far a worker steps back: behind the API and the database, and decoding behind the device.

Bulk work fills every core. Whoever asks for status is served before it; and where a forward pass
takes all cores, threads that decode far ahead would slow down the pass that is waited for.
"""

import os
import sys
import threading

FURTHER = 9  # an eighth of the time of those that it steps behind, as long as these want all of it


def step_back(niceness: int) -> None:
    """Let other processes go first. Threads inherit it: it must be done before any is started."""
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(ours, niceness))


def step_back_further() -> None:
    """Let the other threads of this process go first; only Linux has a niceness for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        ours = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, ours + FURTHER))
