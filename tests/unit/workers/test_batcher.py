"""The batcher: one device thread, full batches, interactive first, no image lost."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np
import pytest

from detector.engines import OutOfMemoryError
from workers.batcher import Batcher
from workers.batches import DeviceError, Margins, Pixels, StoppedError


class Device:
    """A pretend model: an image's margin is its first pixel; it can be held and can fail."""

    def __init__(self, *, fits: int = 1000) -> None:
        self.fits = fits
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()
        self.reached = threading.Event()
        self._held_image: int | None = None

    def held_at(self, image: int) -> None:
        """Hold the device once more, by the batch that begins with this image."""
        self._held_image = image

    def forward(self, pixels: Pixels) -> Margins:
        """Return the first pixel of each image."""
        if len(pixels) > self.fits:
            raise OutOfMemoryError("The batch does not fit.")
        self.entered.set()
        if pixels[0, 0, 0, 0] == self._held_image:
            self.free.clear()
            self.reached.set()
        assert self.free.wait(10)
        self.threads.add(threading.get_ident())
        self.batches.append([int(image[0, 0, 0]) for image in pixels])
        return pixels[:, 0, 0, 0].astype(np.float32)


def images(*values: int) -> Pixels:
    """Return tiny images that hold the given values."""
    return np.stack([np.full((3, 2, 2), value, np.uint8) for value in values])


@pytest.fixture
def batcher() -> Iterator[Batcher]:
    """A batcher of batches of four, of two when they carry interactive images."""
    batcher = Batcher(max_batch=4, interactive_batch=2, linger_s=0.05)
    yield batcher
    batcher.close()


def test_every_caller_gets_its_own_margins(batcher: Batcher) -> None:
    """Blocks of many threads come back whole and in order, through one device thread."""
    device = Device()

    def call(start: int) -> bool:
        values = range(start, start + 7)
        margins = batcher.submit(device.forward, images(*values), interactive=False).result(10)
        return margins.tolist() == list(values)

    with ThreadPoolExecutor(8) as callers:
        assert all(callers.map(call, range(0, 200, 7)))
    assert len(device.threads) == 1
    assert max(map(len, device.batches)) <= 4


def test_batches_are_filled_across_blocks(batcher: Batcher) -> None:
    """Blocks that wait together share a batch."""
    device = Device()
    futures = _held(batcher, device, [images(1), images(2), images(3, 4)])
    device.free.set()
    assert [future.result(10).tolist() for future in futures] == [[1], [2], [3, 4]]
    assert device.batches[1:] == [[1, 2, 3, 4]]


def test_interactive_images_go_first_in_a_small_batch(batcher: Batcher) -> None:
    """An interactive block overtakes the bulk that waits, and its batch stays small."""
    device = Device()
    bulk = _held(batcher, device, [images(1, 2, 3, 4, 5)])
    urgent = batcher.submit(device.forward, images(9), interactive=True)
    device.free.set()
    assert urgent.result(10).tolist() == [9]
    assert bulk[0].result(10).tolist() == [1, 2, 3, 4, 5]
    assert device.batches[1] == [9, 1]


def test_models_do_not_share_a_batch(batcher: Batcher) -> None:
    """Images of two model versions are never in one forward pass."""
    one, two = Device(), Device()
    held = _held(batcher, one, [images(1), images(2)])
    other = batcher.submit(two.forward, images(7), interactive=False)
    one.free.set()
    assert [future.result(10).tolist() for future in held] == [[1], [2]]
    assert other.result(10).tolist() == [7]
    assert two.batches == [[7]]


def test_a_batch_that_does_not_fit_is_halved_for_good(batcher: Batcher) -> None:
    """Out of memory costs a second try with half the images, and batches stay that small."""
    device = Device(fits=2)
    future = batcher.submit(device.forward, images(1, 2, 3, 4), interactive=False)
    assert future.result(10).tolist() == [1, 2, 3, 4]
    assert batcher.max_batch == 2


def test_a_failed_forward_pass_reaches_every_caller(batcher: Batcher) -> None:
    """An exception of the device ends the batch's blocks, not the device thread."""

    def failing(pixels: Pixels) -> Margins:
        if pixels.any():
            raise ValueError("a hiccup")
        return np.zeros(len(pixels), np.float32)

    with pytest.raises(DeviceError, match="a hiccup"):
        batcher.submit(failing, images(1, 2, 3, 4, 5, 6), interactive=False).result(10)
    assert batcher.submit(Device().forward, images(2), interactive=False).result(10) == [2]


def test_a_broken_device_is_reported_and_gets_no_more_images() -> None:
    """Not even a blank image goes through: whoever waits hears of it, and so do those who come."""
    reported = threading.Event()
    batcher = Batcher(max_batch=1, interactive_batch=1, linger_s=0, on_broken=reported.set)
    device = Device(fits=0)
    first = batcher.submit(device.forward, images(1, 2), interactive=False)
    with pytest.raises(DeviceError):
        first.result(10)
    assert reported.wait(10)
    with pytest.raises(DeviceError):
        batcher.submit(device.forward, images(3), interactive=True)
    batcher.close()


def test_bulk_blocks_dropped_while_the_batch_is_waited_for_leave_the_device_at_work() -> None:
    """A worker that stops in that moment still scores the single images that come."""
    batcher = Batcher(max_batch=4, interactive_batch=2, linger_s=0.2)
    dropped = batcher.submit(Device().forward, images(1), interactive=False)
    time.sleep(0.05)
    batcher.stop_bulk()
    with pytest.raises(StoppedError):
        dropped.result(10)
    time.sleep(0.3)
    assert batcher.submit(Device().forward, images(2), interactive=True).result(10) == [2]
    batcher.close()


def test_closing_finishes_what_was_submitted() -> None:
    """Close waits for the images in hand; afterwards nothing is taken any more."""
    batcher = Batcher(max_batch=4, interactive_batch=2, linger_s=0)
    future = batcher.submit(Device().forward, images(1, 2, 3), interactive=False)
    batcher.close()
    assert future.result(0).tolist() == [1, 2, 3]
    with pytest.raises(RuntimeError):
        batcher.submit(Device().forward, images(1), interactive=False)


def test_stopping_drops_the_bulk_that_has_not_begun(batcher: Batcher) -> None:
    """Blocks that wait are left to another worker, and no new ones are taken; singles go on."""
    device = Device()
    waiting = _held(batcher, device, [images(1, 2), images(3)])
    batcher.stop_bulk()
    urgent = batcher.submit(device.forward, images(9), interactive=True)
    with pytest.raises(StoppedError):
        batcher.submit(device.forward, images(4), interactive=False)
    device.free.set()
    assert urgent.result(10).tolist() == [9]
    for dropped in waiting:
        with pytest.raises(StoppedError):
            dropped.result(10)


def test_stopping_finishes_a_block_that_is_partly_done(batcher: Batcher) -> None:
    """A block of which the device has some images gets margins for all of them."""
    device = Device()
    device.free.clear()
    block = batcher.submit(device.forward, images(1, 2, 3, 4, 5, 6), interactive=False)
    assert device.entered.wait(10)
    batcher.stop_bulk()
    device.free.set()
    assert block.result(10).tolist() == [1, 2, 3, 4, 5, 6]


def test_the_next_full_batch_is_put_together_while_the_device_runs(batcher: Batcher) -> None:
    """Its images need no memory of their own any more when the device becomes free."""
    device = Device()
    waiting = _held(batcher, device, [images(1, 2), images(3, 4, 5, 6)])
    device.free.set()
    assert [future.result(10).tolist() for future in waiting] == [[1, 2], [3, 4, 5, 6]]
    assert device.batches == [[0], [1, 2, 3, 4], [5, 6]]


@pytest.mark.parametrize("let_go", ["by the device", "by the end"])
def test_callers_wait_until_the_device_has_use_for_more(batcher: Batcher, let_go: str) -> None:
    """Four full batches may wait, no more; a worker that stops keeps nobody waiting."""
    device = Device()
    _held(batcher, device, [images(*range(1, 25))])
    with ThreadPoolExecutor(2) as callers:
        waiting = [callers.submit(batcher.wait_for_room) for _caller in range(2)]
        assert not wait(waiting, timeout=0.1).done
        if let_go == "by the end":
            batcher.stop_bulk()
            assert not wait(waiting, timeout=10).not_done
        device.free.set()
        assert not wait(waiting, timeout=10).not_done


def test_bulk_fills_no_more_than_half_of_a_batch_that_is_waited_for() -> None:
    """Where each image takes its time, as on a CPU, it would make the single scan wait longer."""
    batcher, device = Batcher(max_batch=2, interactive_batch=8, linger_s=0), Device()
    waiting = _held(batcher, device, [images(1, 2)])
    waiting += [batcher.submit(device.forward, images(9), interactive=True)]
    device.free.set()
    assert [future.result(10).tolist() for future in waiting] == [[1, 2], [9]]
    assert device.batches == [[0], [9], [1, 2]]
    batcher.close()


def test_a_batch_that_is_ready_waits_for_an_interactive_one(batcher: Batcher) -> None:
    """A single scan overtakes what was put together before it came."""
    device = Device()
    bulk = _held(batcher, device, [images(*range(1, 13))])
    device.held_at(1)
    device.free.set()
    assert device.reached.wait(10)  # the batch after this one is together by now
    urgent = batcher.submit(device.forward, images(99), interactive=True)
    device.free.set()
    assert urgent.result(10).tolist() == [99]
    assert bulk[0].result(10).tolist() == list(range(1, 13))
    assert [batch[0] for batch in device.batches] == [0, 1, 99, 5, 10]


def test_it_tells_for_how_long_the_device_has_been_at_it(batcher: Batcher) -> None:
    """What the watchdog looks at: nothing while it is idle."""
    device = Device()
    assert batcher.forward_s == 0
    _held(batcher, device, [])
    assert batcher.forward_s > 0
    device.free.set()
    batcher.submit(device.forward, images(1), interactive=False).result(10)
    batcher.close()
    assert batcher.forward_s == 0


def _held(batcher: Batcher, device: Device, blocks: list[Pixels]) -> list[Future[Margins]]:
    """Submit the blocks while the device is held by one image, so that they wait together."""
    device.free.clear()
    batcher.submit(device.forward, images(0), interactive=False)
    assert device.entered.wait(10)
    return [batcher.submit(device.forward, block, interactive=False) for block in blocks]
