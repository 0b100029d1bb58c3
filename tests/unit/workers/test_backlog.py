"""What waits for the device, and how large its batches are while single scans come."""

from concurrent.futures import Future

import numpy as np
import pytest

from workers.backlog import SINGLES_S, Backlog
from workers.batches import Block, Margins, Pixels

MAX_BATCH = 4
BESIDE_SINGLES = 2


class Clock:
    """A clock that is set by hand, seconds."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def forward(pixels: Pixels) -> Margins:
    """Score nothing."""
    return np.zeros(len(pixels), np.float32)


def block(images: int) -> Block:
    """Return a block of so many blank images."""
    return Block(forward, np.zeros((images, 3, 1, 1), np.uint8), Future())


@pytest.fixture
def clock() -> Clock:
    """Return a clock for the backlog."""
    return Clock()


@pytest.fixture
def backlog(clock: Clock) -> Backlog:
    """Return a backlog of 20 bulk images."""
    backlog = Backlog(8, BESIDE_SINGLES, clock)
    backlog.add(block(20), interactive=False)
    return backlog


def test_bulk_alone_has_the_whole_batch(backlog: Backlog) -> None:
    """No single scan has come, so there is nobody who would wait."""
    assert backlog.take_batch(MAX_BATCH).size == MAX_BATCH


def test_batches_are_small_while_single_scans_come(backlog: Backlog, clock: Clock) -> None:
    """The scan goes by itself, those of bulk after it are small; some time later they are not."""
    backlog.add(block(1), interactive=True)
    sizes = [backlog.take_batch(MAX_BATCH).size for _ in range(3)]
    clock.now += SINGLES_S - 1
    sizes.append(backlog.take_batch(MAX_BATCH).size)
    clock.now += 1
    sizes.append(backlog.take_batch(MAX_BATCH).size)
    assert sizes == [1, BESIDE_SINGLES, BESIDE_SINGLES, BESIDE_SINGLES, MAX_BATCH]


def test_a_small_batch_is_full_with_few_images(clock: Clock) -> None:
    """Nobody waits for more than it may have."""
    backlog = Backlog(8, BESIDE_SINGLES, clock)
    backlog.add(block(3), interactive=False)
    assert not backlog.is_full(MAX_BATCH)
    backlog.add(block(1), interactive=True)
    assert backlog.is_full(MAX_BATCH)


def test_what_the_device_has_no_memory_for_is_not_asked_of_it(backlog: Backlog) -> None:
    """A batch that had to be halved stays as small as it was found to fit."""
    backlog.add(block(3), interactive=True)
    assert backlog.take_batch(1).size == 1
