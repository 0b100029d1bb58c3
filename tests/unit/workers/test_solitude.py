"""Who has failed before runs alone, and nobody is claimed that would have to wait beside it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from workers.solitude import Solitude

MOMENT_S = 0.1
PATIENCE_S = 30


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for those who would wait."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def _passes(solitude: Solitude, *, alone: bool) -> None:
    with solitude.entrance():
        room = solitude.enter(alone=alone)
    with room:
        pass


def _is_waiting(future: Future[None]) -> bool:
    try:
        future.result(MOMENT_S)
    except TimeoutError:
        return True
    return False


def test_many_share(threads: ThreadPoolExecutor) -> None:
    """Who has not failed yet waits for nobody who has not either."""
    solitude = Solitude()
    with solitude.enter(alone=False):
        threads.submit(_passes, solitude, alone=False).result(PATIENCE_S)


def test_one_alone_waits_for_those_inside(threads: ThreadPoolExecutor) -> None:
    """It begins when the last one has left."""
    solitude = Solitude()
    with solitude.enter(alone=False):
        suspect = threads.submit(_passes, solitude, alone=True)
        assert _is_waiting(suspect)
    suspect.result(PATIENCE_S)


@pytest.mark.parametrize("alone", [False, True])
def test_nobody_comes_near_one_alone(threads: ThreadPoolExecutor, alone: bool) -> None:
    """The entrance is closed as soon as one wants the room alone, until it has left."""
    solitude = Solitude()
    with solitude.enter(alone=True):
        other = threads.submit(_passes, solitude, alone=alone)
        assert _is_waiting(other)
    other.result(PATIENCE_S)


def test_an_entrance_without_a_claim_leaves_the_room_free(threads: ThreadPoolExecutor) -> None:
    """Who finds nothing to claim enters nowhere."""
    solitude = Solitude()
    with solitude.entrance():
        pass
    threads.submit(_passes, solitude, alone=True).result(PATIENCE_S)
