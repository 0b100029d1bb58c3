"""Threads that decode step back behind the device's; whoever shares the cores is let first."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from workers.niceness import FURTHER, step_back_further


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")
def test_a_thread_steps_back_alone() -> None:
    """The others of its process go on as they were."""
    ours = _niceness()
    with ThreadPoolExecutor(1, initializer=step_back_further) as threads:
        assert threads.submit(_niceness).result() == min(19, ours + FURTHER)
    assert _niceness() == ours
