"""Handfuls: the shards of one job that a slot takes, scans and commits together.

What it costs to claim and to commit is paid once for each handful. A process that is fast takes
several shards at a time, one that is slow takes them one by one, so that others can have the next.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from core.sources import SourceItem
from db.claims import ShardClaim

HANDFUL_S = 0.25  # a slot takes no more than its process does in this time: what a crash costs
MOST_SHARDS = 8
MOST_ITEMS = 512  # what a slot holds of them in memory is bounded, however large shards are
REMEMBERED_S = 1.0

Listed = tuple[int, SourceItem]


@dataclass(frozen=True)
class Handful:
    """Shards of one job; when they are several, nobody has had them in hand before."""

    claims: Sequence[ShardClaim]

    @property
    def first(self) -> ShardClaim:
        """The shard whose turn it was; it stands for what all have in common."""
        return self.claims[0]

    @property
    def listed(self) -> list[Listed]:
        """The items of all shards, with their positions in the job."""
        return [
            listed
            for claim in self.claims
            for listed in zip(claim.positions, claim.items, strict=True)
        ]

    @property
    def tokens(self) -> list[tuple[int, int]]:
        """The id of each shard, and the token of its claim."""
        return [(claim.shard_id, claim.token) for claim in self.claims]


class Pace:
    """How many shards this process ends in a moment, all of its slots together."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._ended: deque[tuple[float, int]] = deque()
        self._lock = Lock()

    def note(self, count: int) -> None:
        """Note that so many shards have just ended."""
        with self._lock:
            self._ended.append((self._clock(), count))

    def handful(self) -> int:
        """Return how many shards a slot should take now: 1 to 8, by what the last second saw."""
        forgotten = self._clock() - REMEMBERED_S
        with self._lock:
            while self._ended and self._ended[0][0] < forgotten:
                self._ended.popleft()
            ended = sum(count for _, count in self._ended)
        return max(1, min(MOST_SHARDS, int(HANDFUL_S * ended / REMEMBERED_S)))
