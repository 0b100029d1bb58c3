"""Where a contender runs: which workload, with how many threads, and where the files lie.

It travels to the processes of a contender as an environment variable.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

VARIABLE = "FAKESWEEP_BENCH_PLACE"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Place:
    """What every process of a contender must know.

    `workload` is its name; `batch` the most images of a forward pass; `folder` holds the images
    and, below `engines`, the converted networks, which are the same for all.
    """

    workload: str
    threads: int
    batch: int
    folder: Path

    def environment(self, *, threads: int | None = None) -> dict[str, str]:
        """Return the environment of a process that has so many threads, or all of them."""
        count = str(threads or self.threads)
        quiet = {
            "HF_HUB_OFFLINE": "1",
            "PYTHONUNBUFFERED": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            "TRANSFORMERS_VERBOSITY": "error",
        }
        place = {**asdict(self), "folder": str(self.folder)}
        budget = dict.fromkeys(THREAD_VARIABLES, count)
        return {**os.environ, **quiet, **budget, VARIABLE: json.dumps(place)}

    @classmethod
    def here(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the place of this process."""
        stored = json.loads(environment[VARIABLE])
        return cls(**{**stored, "folder": Path(stored["folder"])})


@dataclass(frozen=True)
class ImageSet:
    """So many images that nobody has scanned before, named by their number."""

    folder: Path
    count: int

    def __iter__(self) -> Iterator[str]:
        """Yield the path of each image."""
        return (f"{self.folder}/{number:06d}.jpg" for number in range(self.count))

    def first(self, count: int) -> "ImageSet":
        """Return the first so many of them."""
        return ImageSet(self.folder, min(count, self.count))
