"""One thread that owns the device and fills its batches across shards and jobs.

Callers hand over blocks of images and get a future. Interactive blocks go first, in small
batches; bulk blocks fill the rest. A batch that does not fit into memory is halved, and stays so.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import FakesweepError
from core.logs import get_logger
from detector.engines import OutOfMemoryError

Pixels = NDArray[np.uint8]
Margins = NDArray[np.float32]
Forward = Callable[[Pixels], Margins]

log = get_logger(__name__)


@dataclass(eq=False)
class _Block:
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


@dataclass(frozen=True)
class _Part:
    """The images `start` to `stop` of a block, as they stand in one batch."""

    block: _Block
    start: int
    stop: int


class StoppedError(FakesweepError):
    """The process is stopping, so these bulk images are left to another worker."""


class Batcher:
    """Runs forward passes on one thread; `submit` may be called from any."""

    def __init__(self, *, max_batch: int, interactive_batch: int, linger_s: float) -> None:
        self.max_batch = max_batch
        self._interactive_batch = interactive_batch
        self._linger_s = linger_s
        self._interactive: deque[_Block] = deque()
        self._bulk: deque[_Block] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)
        self._thread.start()

    def submit(self, forward: Forward, pixels: Pixels, *, interactive: bool) -> Future[Margins]:
        """Queue a block of images, uint8 [n, 3, size, size], n >= 1, for one model.

        The future gives their margins, float32 [n], or the exception of their forward pass.
        Only blocks with the same `forward` share a batch. Raises StoppedError after `stop_bulk`.
        """
        block = _Block(forward, pixels, Future())
        with self._changed:
            if self._closed:
                raise RuntimeError("The batcher is closed.")
            if self._stopping and not interactive:
                raise StoppedError("The worker is stopping.")
            (self._interactive if interactive else self._bulk).append(block)
            self._changed.notify()
        return block.future

    def stop_bulk(self) -> None:
        """Take no more bulk blocks; the futures of those not begun get StoppedError."""
        with self._changed:
            self._stopping = True
            dropped = [block for block in self._bulk if block.taken == 0]
            self._bulk = deque(block for block in self._bulk if block.taken > 0)
        for block in dropped:
            block.future.set_exception(StoppedError("The worker is stopping."))

    def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while parts := self._next_batch():
            self._forward(parts)

    def _next_batch(self) -> list[_Part]:
        with self._changed:
            while not (self._interactive or self._bulk):
                if self._closed:
                    return []
                self._changed.wait()
            self._linger()
            urgent = bool(self._interactive)
            forward = (self._interactive or self._bulk)[0].forward
            room = min(self._interactive_batch, self.max_batch) if urgent else self.max_batch
            parts = self._take(self._interactive, forward, room)
            room -= sum(part.stop - part.start for part in parts)
            return parts + self._take(self._bulk, forward, room)

    def _linger(self) -> None:
        """Wait a moment for a fuller batch, unless somebody is waiting for a single image."""
        deadline = time.monotonic() + self._linger_s
        while not self._interactive and not self._closed:
            waiting = sum(len(block.pixels) - block.taken for block in self._bulk)
            remaining_s = deadline - time.monotonic()
            if waiting >= self.max_batch or remaining_s <= 0:
                return
            self._changed.wait(remaining_s)

    @staticmethod
    def _take(blocks: deque[_Block], forward: Forward, room: int) -> list[_Part]:
        parts = []
        while room > 0 and blocks and blocks[0].forward == forward:
            block = blocks[0]
            stop = min(block.taken + room, len(block.pixels))
            parts.append(_Part(block, block.taken, stop))
            room -= stop - block.taken
            block.taken = stop
            if stop == len(block.pixels):
                blocks.popleft()
        return parts

    def _forward(self, parts: list[_Part]) -> None:
        pixels = np.concatenate([part.block.pixels[part.start : part.stop] for part in parts])
        try:
            margins = self._forward_halving(parts[0].block.forward, pixels)
        except BaseException as error:  # the device thread must outlive any failure of a batch
            log.exception("forward_failed", images=len(pixels))
            for part in parts:
                if not part.block.future.done():
                    part.block.future.set_exception(error)
            return
        for part in parts:
            count = part.stop - part.start
            _settle(part, margins[:count])
            margins = margins[count:]

    def _forward_halving(self, forward: Forward, pixels: Pixels) -> Margins:
        try:
            return forward(pixels)
        except OutOfMemoryError:
            if len(pixels) == 1:
                raise
            half = (len(pixels) + 1) // 2
            self.max_batch = min(self.max_batch, half)
            log.warning("batch_halved", images=len(pixels), max_batch=self.max_batch)
            first = self._forward_halving(forward, pixels[:half])
            return np.concatenate([first, self._forward_halving(forward, pixels[half:])])


def _settle(part: _Part, margins: Margins) -> None:
    block = part.block
    block.margins[part.start : part.stop] = margins
    block.left -= len(margins)
    if block.left == 0 and not block.future.done():
        block.future.set_result(block.margins)
