"""Says what machine a number was measured on; without it the number means little."""

import platform
from pathlib import Path

import psutil


def describe() -> str:
    """Return one line: processor, cores, memory, system, Python."""
    memory_gib = psutil.virtual_memory().total / 2**30
    cores = len(psutil.Process().cpu_affinity() or [])
    return (
        f"{_processor()}, {cores} cores, {memory_gib:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
