"""One thread that owns the device and fills its batches across shards and jobs.

Callers hand over blocks of images and get a future. Interactive blocks go first, in small
batches; bulk blocks fill the rest. While the device runs, the next full batch is put together. A
batch that does not fit into memory is halved, and stays so. A device on which not even a blank
image goes through is broken: it is reported, and given no more images.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from core.logs import get_logger
from workers.backlog import Backlog
from workers.batches import Batch, Block, DeviceError, Forward, Margins, Pixels, StoppedError
from workers.forwarding import Forwarding
from workers.tally import Tally

Gathered = tuple[Batch, Future[Pixels]]

log = get_logger(__name__)


class Batcher:
    """Runs forward passes on one thread; `submit` may be called from any."""

    def __init__(
        self,
        *,
        max_batch: int,
        interactive_batch: int,
        linger_s: float,
        beside_singles: int | None = None,
        tally: Tally | None = None,
        on_broken: Callable[[], object] = lambda: None,
    ) -> None:
        self.is_broken = False
        self._forwarding = Forwarding(max_batch)
        self._tally = tally or Tally()
        self._on_broken = on_broken
        self._linger_s = linger_s
        self._waiting = Backlog(interactive_batch, beside_singles)
        self._ahead: Gathered | None = None
        lock = threading.Lock()
        self._changed = threading.Condition(lock)  # for the device
        self._room = threading.Condition(lock)  # for those who have more bulk images for it
        self._closed = False
        self._stopping = False
        self._gatherer = ThreadPoolExecutor(1, thread_name_prefix="next-batch")
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)
        self._thread.start()

    @property
    def max_batch(self) -> int:
        """The most images of a forward pass."""
        return self._forwarding.max_batch

    @property
    def forward_s(self) -> float:
        """For how long the forward pass that runs now has been running, seconds; else 0."""
        return self._forwarding.running_s

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
            self._waiting.add(block, interactive=interactive)
            self._changed.notify()
        return block.future

    def wait_for_room(self) -> None:
        """Wait until the device has use for more bulk images, or will take none any more.

        What is decoded earlier takes memory, and on a CPU the device's cores.
        """
        with self._room:
            self._room.wait_for(self._has_room)

    def stop_bulk(self) -> None:
        """Take no more bulk blocks; the futures of those not begun get StoppedError."""
        with self._changed:
            self._stopping = True
            dropped = self._waiting.drop_bulk()
            self._changed.notify()
            self._room.notify_all()
        for block in dropped:
            block.future.set_exception(StoppedError("The worker is stopping."))

    def close(self) -> None:
        """Finish what was submitted, then end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            self._room.notify_all()
        self._thread.join()
        self._gatherer.shutdown()

    def _run(self) -> None:
        while gathered := self._next_batch():
            batch, pixels = gathered
            self._gather_ahead()
            begun = time.monotonic()
            try:
                batch.settle(self._forwarding.run(batch.forward, pixels.result()))
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
            waiting = [*self._waiting.clear()]
            waiting += [part.block for part in (self._ahead[0].parts if self._ahead else ())]
            self._ahead = None
            self._room.notify_all()
        for block in waiting:
            if not block.future.done():
                block.future.set_exception(DeviceError("The device of the worker is broken."))
        self._on_broken()

    def _next_batch(self) -> Gathered | None:
        with self._changed:
            if not self._wait_for_images():
                return None
            if self._ahead is not None and not self._waiting.interactive:
                gathered, self._ahead = self._ahead, None
                return gathered
            batch = self._waiting.take_batch(self.max_batch)
            self._make_room()
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
        return bool(self._waiting or self._ahead)

    def _gather_ahead(self) -> None:
        """Begin to put the next batch together, once there are images for a full one."""
        with self._changed:
            if self._ahead is None and self._waiting.is_full(self.max_batch) and self.max_batch > 1:
                batch = self._waiting.take_bulk_batch(self.max_batch)
                self._ahead = batch, self._gatherer.submit(batch.gather)
                self._make_room()

    def _has_room(self) -> bool:
        takes_none = self._stopping or self._closed or self.is_broken
        return takes_none or self._waiting.has_room(self.max_batch)

    def _make_room(self) -> None:
        """Let the next who waits for room have it: one at a time, so that few decode at once."""
        if not self._waiting.bulk:
            self._room.notify_all()
        elif self._has_room():
            self._room.notify()

    def _linger(self) -> None:
        """Wait a moment for a fuller batch, unless somebody is waiting for a single image."""
        deadline = time.monotonic() + self._linger_s
        while not self._waiting.interactive and not self._closed:
            remaining_s = deadline - time.monotonic()
            if self._waiting.is_full(self.max_batch) or remaining_s <= 0:
                return
            self._changed.wait(remaining_s)


def _done(pixels: Pixels) -> Future[Pixels]:
    future: Future[Pixels] = Future()
    future.set_result(pixels)
    return future
