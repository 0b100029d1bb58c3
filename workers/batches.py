"""Blocks of images that callers hand over, and the batches that are made of them."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import FakesweepError

Pixels = NDArray[np.uint8]
Margins = NDArray[np.float32]
Forward = Callable[[Pixels], Margins]


class StoppedError(FakesweepError):
    """The process is stopping, so these bulk images are left to another worker."""


class DeviceError(FakesweepError):
    """A forward pass failed, which says nothing of its images: another worker may do them."""


@dataclass(eq=False)
class Block:
    """Images of one caller; `taken` of them are in batches already, `left` have no margin yet."""

    forward: Forward
    pixels: Pixels
    future: Future[Margins]
    margins: Margins = field(init=False)
    taken: int = 0
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.pixels)
        self.margins = np.empty(self.left, np.float32)

    @property
    def waiting(self) -> int:
        """How many images are in no batch yet."""
        return len(self.pixels) - self.taken


@dataclass(frozen=True)
class Part:
    """The images `start` to `stop` of a block, as they stand in one batch."""

    block: Block
    start: int
    stop: int

    def settle(self, margins: Margins) -> None:
        """Give the block its margins; when it has all, its caller gets them."""
        block = self.block
        block.margins[self.start : self.stop] = margins
        block.left -= len(margins)
        if block.left == 0 and not block.future.done():
            block.future.set_result(block.margins)


@dataclass(frozen=True)
class Batch:
    """What one forward pass takes: parts of blocks for the same model, at most `room` images."""

    parts: Sequence[Part]
    room: int

    @property
    def forward(self) -> Forward:
        """The forward pass of its model."""
        return self.parts[0].block.forward

    @property
    def size(self) -> int:
        """How many images it has."""
        return sum(part.stop - part.start for part in self.parts)

    def gather(self) -> Pixels:
        """Return its images in one array, uint8 [n, 3, size, size]."""
        return np.concatenate([part.block.pixels[part.start : part.stop] for part in self.parts])

    def settle(self, margins: Margins) -> None:
        """Give each block its margins, float32 [n]."""
        for part in self.parts:
            count = part.stop - part.start
            part.settle(margins[:count])
            margins = margins[count:]

    def fail(self, error: BaseException) -> None:
        """Tell every caller that there are no margins."""
        for part in self.parts:
            if not part.block.future.done():
                part.block.future.set_exception(error)


def take(blocks: deque[Block], forward: Forward, room: int) -> list[Part]:
    """Take up to `room` images of the first blocks, as long as these are for the same model."""
    parts = []
    while room > 0 and blocks and blocks[0].forward == forward:
        block = blocks[0]
        stop = min(block.taken + room, len(block.pixels))
        parts.append(Part(block, block.taken, stop))
        room -= stop - block.taken
        block.taken = stop
        if not block.waiting:
            blocks.popleft()
    return parts
