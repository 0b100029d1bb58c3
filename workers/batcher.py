"""One thread that owns the device and fills its batches across shards and jobs.

Callers hand over blocks of images and get a future. Interactive blocks go first, in small
batches; bulk blocks fill the rest. While the device runs, the next full batch is put together. A
batch that does not fit into memory is halved, and stays so. A device on which not even a blank
image goes through is broken: it is reported, and given no more images.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from core.errors import FakesweepError
from core.logs import get_logger
from detector.engines import OutOfMemoryError
from workers.batches import Batch, Block, Forward, Margins, Pixels, take
from workers.tally import Tally

Gathered = tuple[Batch, Future[Pixels]]

log = get_logger(__name__)


class StoppedError(FakesweepError):
    """The process is stopping, so these bulk images are left to another worker."""


class DeviceError(FakesweepError):
    """A forward pass failed, which says nothing of its images: another worker may do them."""


class Batcher:
    """Runs forward passes on one thread; `submit` may be called from any."""

    def __init__(
        self,
        *,
        max_batch: int,
        interactive_batch: int,
        linger_s: float,
        tally: Tally | None = None,
        on_broken: Callable[[], object] = lambda: None,
    ) -> None:
        self.max_batch = max_batch
        self.is_broken = False
        self._tally = tally or Tally()
        self._on_broken = on_broken
        self._interactive_batch = interactive_batch
        self._linger_s = linger_s
        self._interactive: deque[Block] = deque()
        self._bulk: deque[Block] = deque()
        self._ahead: Gathered | None = None
        self._forward_since: float | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._stopping = False
        self._gatherer = ThreadPoolExecutor(1, thread_name_prefix="next-batch")
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)
        self._thread.start()

    @property
    def forward_s(self) -> float:
        """For how long the forward pass that runs now has been running, seconds; else 0."""
        since = self._forward_since
        return 0.0 if since is None else time.monotonic() - since

    def submit(self, forward: Forward, pixels: Pixels, *, interactive: bool) -> Future[Margins]:
        """Queue a block of images, uint8 [n, 3, size, size], n >= 1, for one model.

        The future gives their margins, float32 [n], or a DeviceError. Only blocks with the same
        `forward` share a batch. Raises StoppedError after `stop_bulk`, and DeviceError once the
        device is broken.
        """
        block = Block(forward, pixels, Future())
        with self._changed:
            if self._closed:
                raise RuntimeError("The batcher is closed.")
            if self.is_broken:
                raise DeviceError("The device of the worker is broken.")
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
            self._changed.notify()
        for block in dropped:
            block.future.set_exception(StoppedError("The worker is stopping."))

    def close(self) -> None:
        """Finish what was submitted, then end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._gatherer.shutdown()

    def _run(self) -> None:
        while gathered := self._next_batch():
            batch, pixels = gathered
            self._gather_ahead()
            begun = time.monotonic()
            try:
                batch.settle(self._forward_halving(batch.forward, pixels.result()))
            except BaseException as error:  # the device thread must outlive any failure of a batch
                self._fail(batch, error)
            self._tally.add_batch(batch.size, batch.room, time.monotonic() - begun)

    def _fail(self, batch: Batch, error: BaseException) -> None:
        log.exception("forward_failed", images=batch.size)
        sentence = f"The device failed: {type(error).__name__}: {error}"
        self._tally.add_error(sentence)
        batch.fail(DeviceError(sentence))
        try:
            batch.forward(np.zeros_like(batch.parts[0].block.pixels[:1]))
        except Exception:  # whatever its kind: a blank image is at fault for none
            log.critical("device_broken")
            self._give_up()

    def _give_up(self) -> None:
        """Take no more images; the futures of all that wait get DeviceError."""
        with self._changed:
            self.is_broken = True
            waiting = [*self._interactive, *self._bulk]
            waiting += [part.block for part in (self._ahead[0].parts if self._ahead else ())]
            self._interactive.clear()
            self._bulk.clear()
            self._ahead = None
        for block in waiting:
            if not block.future.done():
                block.future.set_exception(DeviceError("The device of the worker is broken."))
        self._on_broken()

    def _next_batch(self) -> Gathered | None:
        with self._changed:
            if not self._wait_for_images():
                return None
            if self._ahead is not None and not self._interactive:
                gathered, self._ahead = self._ahead, None
                return gathered
            batch = self._form()
        return batch, _done(batch.gather())

    def _wait_for_images(self) -> bool:
        """Wait until there is something for a batch; return False when nothing comes any more."""
        while not self._closed or self._has_images():
            if not self._has_images():
                self._changed.wait()
                continue
            if self._ahead is None:
                self._linger()
            if self._has_images():  # while it lingered, all may have been dropped
                return True
        return False

    def _has_images(self) -> bool:
        return bool(self._interactive or self._bulk or self._ahead)

    def _form(self) -> Batch:
        """Take the images of the next batch, interactive ones first."""
        urgent = bool(self._interactive)
        forward = (self._interactive or self._bulk)[0].forward
        room = min(self._interactive_batch, self.max_batch) if urgent else self.max_batch
        parts = take(self._interactive, forward, room)
        beside = max(1, min(room, self.max_batch // 2)) if urgent else room
        left = beside - sum(part.stop - part.start for part in parts)
        return Batch(parts + take(self._bulk, forward, left), room)

    def _gather_ahead(self) -> None:
        """Begin to put the next batch together, once there are images for a full one."""
        with self._changed:
            if self._ahead is None and self._waiting() >= self.max_batch > 1:
                parts = take(self._bulk, self._bulk[0].forward, self.max_batch)
                batch = Batch(parts, self.max_batch)
                self._ahead = batch, self._gatherer.submit(batch.gather)

    def _linger(self) -> None:
        """Wait a moment for a fuller batch, unless somebody is waiting for a single image."""
        deadline = time.monotonic() + self._linger_s
        while not self._interactive and not self._closed:
            remaining_s = deadline - time.monotonic()
            if self._waiting() >= self.max_batch or remaining_s <= 0:
                return
            self._changed.wait(remaining_s)

    def _waiting(self) -> int:
        """Return how many bulk images are in no batch yet."""
        return sum(block.waiting for block in self._bulk)

    def _forward_halving(self, forward: Forward, pixels: Pixels) -> Margins:
        self._forward_since = time.monotonic()
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
        finally:
            self._forward_since = None


def _done(pixels: Pixels) -> Future[Pixels]:
    future: Future[Pixels] = Future()
    future.set_result(pixels)
    return future
