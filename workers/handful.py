"""Handfuls: the shards of one job that a slot takes, scans and commits together.

What it costs to claim and to commit is paid once for each handful. A process that is fast takes
several shards at a time, one that is slow takes them one by one, so that others can have the next.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import NamedTuple

from core.sources import SourceItem
from db.claims import ShardClaim

HANDFUL_S = 0.25  # a slot takes no more than its process does in this time: what a crash costs
MOST_SHARDS = 8
MOST_ITEMS = 512  # what a slot holds of them in memory is bounded, however large shards are
REMEMBERED_S = 1.0

Listed = tuple[int, SourceItem]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Handful:
    """Shards of one job; when they are several, nobody has had them in hand before.

    `taken_at` is when they were taken, seconds of the monotonic clock.
    """

    claims: Sequence[ShardClaim]
    taken_at: float = field(default_factory=monotonic)

    @property
    def first(self) -> ShardClaim:
        """The shard whose turn it was; it stands for what all have in common."""
        return self.claims[0]

    @property
    def is_single(self) -> bool:
        """Whether it is one shard, as those of a slow process are."""
        return len(self.claims) == 1

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


class Ended(NamedTuple):
    """So many items that got their verdicts together, and when they were taken and ended."""

    items: int
    taken_at: float
    at: float


class Pace:
    """How many items this process ends in a moment, all of its slots together."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock = clock
        self._ended: deque[Ended] = deque()
        self._lock = Lock()

    def note(self, items: int, *, taken_at: float) -> None:
        """Note that so many items, which were taken then, have just got their verdicts."""
        with self._lock:
            self._forget()
            self._ended.append(Ended(items, taken_at, self._clock()))

    def handful(self, size: int) -> int:
        """Return how many shards of so many items a slot should take now: 1 to 8.

        They are what the process does in a quarter of a second, as the last second saw it, or as
        much of it as it was at work; and never more than it has ended in that time.
        """
        with self._lock:
            self._forget()
            items = sum(ended.items for ended in self._ended)
            since = min((ended.taken_at for ended in self._ended), default=0.0)
            at_work_s = min(REMEMBERED_S, max(HANDFUL_S, self._clock() - since))
        most = min(MOST_ITEMS, int(HANDFUL_S * items / at_work_s))
        return max(1, min(MOST_SHARDS, most // size))

    def _forget(self) -> None:
        forgotten = self._clock() - REMEMBERED_S
        while self._ended and self._ended[0].at < forgotten:
            self._ended.popleft()
