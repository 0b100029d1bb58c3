"""The images that wait for the device, and the batches that are made of them. Knows no threads."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from workers.batches import Batch, Block, Part, take

BATCHES_AHEAD = 4  # that wait for the device before there is no room for more
FEWEST_AHEAD = 16  # images that wait in any case
SINGLES_S = 10.0  # for so long after a single scan, another one is likely


class Backlog:
    """Blocks of images, interactive ones before those of bulk; each in the order they came.

    While single scans come, batches have no more images than `beside_singles`, whatever the device
    may have: the next scan waits for the one that runs.
    """

    def __init__(
        self,
        interactive_batch: int,
        beside_singles: int | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.interactive: deque[Block] = deque()
        self.bulk: deque[Block] = deque()
        self._interactive_batch = interactive_batch
        self._beside_singles = beside_singles
        self._clock = clock
        self._singles_until = -math.inf

    def __bool__(self) -> bool:
        """Tell whether images wait."""
        return bool(self.interactive or self.bulk)

    @property
    def bulk_images(self) -> int:
        """How many bulk images are in no batch yet."""
        return sum(block.waiting for block in self.bulk)

    def add(self, block: Block, *, interactive: bool) -> None:
        """Let a block wait."""
        (self.interactive if interactive else self.bulk).append(block)
        if interactive:
            self._singles_until = self._clock() + SINGLES_S

    def is_full(self, max_batch: int) -> bool:
        """Tell whether the bulk images that wait fill a batch."""
        return self.bulk_images >= self._most(max_batch)

    def has_room(self, max_batch: int) -> bool:
        """Tell whether the device has use for more bulk images."""
        return self.bulk_images <= max(BATCHES_AHEAD * max_batch, FEWEST_AHEAD)

    def drop_bulk(self) -> Sequence[Block]:
        """Return the bulk blocks of which no image was taken yet, which wait no longer."""
        dropped = [block for block in self.bulk if block.taken == 0]
        self.bulk = deque(block for block in self.bulk if block.taken > 0)
        return dropped

    def clear(self) -> Sequence[Block]:
        """Return all blocks, which wait no longer."""
        dropped = [*self.interactive, *self.bulk]
        self.interactive.clear()
        self.bulk.clear()
        return dropped

    def take_batch(self, max_batch: int) -> Batch:
        """Take the images of the next batch, interactive ones first.

        A batch that somebody waits for is small, and bulk fills no more than half a full one: where
        each image takes its time, as on a CPU, it would make the single scan wait longer.
        """
        if not self.interactive:
            return self.take_bulk_batch(max_batch)
        max_batch = self._most(max_batch)
        forward = self.interactive[0].forward
        room = min(self._interactive_batch, max_batch)
        parts = take(self.interactive, forward, room)
        left = max(1, min(room, max_batch // 2)) - _size(parts)
        return Batch(parts + take(self.bulk, forward, left), room)

    def take_bulk_batch(self, max_batch: int) -> Batch:
        """Take the images of the next batch, of bulk only."""
        max_batch = self._most(max_batch)
        return Batch(take(self.bulk, self.bulk[0].forward, max_batch), max_batch)

    def _most(self, max_batch: int) -> int:
        if self._beside_singles is None or self._clock() >= self._singles_until:
            return max_batch
        return min(max_batch, self._beside_singles)


def _size(parts: Sequence[Part]) -> int:
    return sum(part.stop - part.start for part in parts)
