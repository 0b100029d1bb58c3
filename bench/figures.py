"""What was measured of a contender, and the numbers that are made of it. Knows no processes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

MIB = 2**20


@dataclass(frozen=True)
class Push:
    """One round of a contender: so many images in so many seconds.

    `cpu_s` is the processor time of the whole process tree, `peak_bytes` the most memory it held.
    """

    images: int
    seconds: float
    cpu_s: float
    peak_bytes: int

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds


@dataclass
class Figures:
    """Everything that was measured of one contender in one workload; latencies in seconds.

    `pushes` holds the round of each push by its number; `failure` says why nothing more came.
    """

    pushes: dict[int, Push] = field(default_factory=dict)
    idle_s: list[float] = field(default_factory=list)
    bulk_s: list[float] = field(default_factory=list)
    failure: str = ""

    @property
    def rate(self) -> float | None:
        """Images a second, the median of the rounds."""
        return _median([push.rate for push in self.pushes.values()])

    @property
    def images(self) -> int | None:
        """Images a round."""
        return max((push.images for push in self.pushes.values()), default=None)

    @property
    def cpu_us_per_image(self) -> float | None:
        """Processor time of the whole tree for an image, microseconds."""
        return _median([1e6 * push.cpu_s / push.images for push in self.pushes.values()])

    @property
    def peak_mib(self) -> float | None:
        """The most memory that the tree held, MiB."""
        return max((push.peak_bytes / MIB for push in self.pushes.values()), default=None)


def ratio(figures: Figures, other: Figures) -> float | None:
    """Return how many times as fast the one is, the median over the rounds that both have."""
    both = figures.pushes.keys() & other.pushes.keys()
    return _median([figures.pushes[one].rate / other.pushes[one].rate for one in sorted(both)])


def percentile_ms(latencies_s: Sequence[float], share: float) -> float | None:
    """Return the latency that `share` of all stay at or below (nearest rank), milliseconds."""
    if not latencies_s:
        return None
    rank = max(1, math.ceil(share * len(latencies_s)))
    return 1000 * sorted(latencies_s)[rank - 1]


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
