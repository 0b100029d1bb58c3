"""Lanes: what is rung for is done, however many rings come while it is being done."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock

from workers.lanes import Lane

PATIENCE_S = 30


class Held:
    """An action that waits to be let go, and takes one thing to do each time it is at it."""

    def __init__(self) -> None:
        self.begun: SimpleQueue[int] = SimpleQueue()
        self.let_go = Event()
        self.to_do = 0
        self.done = 0
        self.lock = Lock()

    def __call__(self) -> None:
        """Do all there is to do, then wait: a ring that comes now must not be lost."""
        with self.lock:
            self.done, self.to_do = self.done + self.to_do, 0
        self.begun.put(1)
        assert self.let_go.wait(PATIENCE_S)

    def add(self, ring: Callable[[], None]) -> None:
        """Give it something to do, then ring."""
        with self.lock:
            self.to_do += 1
        ring()


def test_a_ring_while_all_threads_are_busy_is_not_lost() -> None:
    """The action runs once more after what it is at, for all rings that came meanwhile."""
    action = Held()
    lane = Lane("test", action, threads=2)
    for _ in range(2):
        action.add(lane.ring)
        action.begun.get(timeout=PATIENCE_S)
    for _ in range(5):
        action.add(lane.ring)
    assert action.done == 2
    action.let_go.set()
    lane.close()
    assert action.done == 7


def test_rings_at_once_run_as_many_threads_as_there_may_be() -> None:
    """Two rings are two runs at the same time; a third waits for its turn."""
    action = Held()
    lane = Lane("test", action, threads=2)
    for _ in range(3):
        lane.ring()
    for _ in range(2):
        action.begun.get(timeout=PATIENCE_S)
    assert action.begun.empty()
    action.let_go.set()
    lane.close()


def test_a_lane_outlives_what_its_action_raises() -> None:
    """The next ring runs the action again."""
    begun: SimpleQueue[int] = SimpleQueue()

    def action() -> None:
        begun.put(1)
        raise RuntimeError("it broke")

    lane = Lane("test", action, threads=1)
    for _ in range(2):
        lane.ring()
        begun.get(timeout=PATIENCE_S)
    lane.close()
