"""Turns of planners: a source that takes long gives way to others, and goes on at its next turn.

Some of a worker's threads may take long turns. The others serve newcomers only, for a moment each,
so that a small job never waits for large ones, however many there are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Semaphore
from time import monotonic

from core.errors import FakesweepError

SHORT_TURN_S = 1.0
LONG_TURN_S = 10.0
LOOK_S = 1.0
WORK_A_WAY = 3  # a turn works so many times as long as it took to get back to its place

Clock = Callable[[], float]


class TurnOverError(FakesweepError):
    """The job is given back now, to go on at its next turn if it is still wanted.

    `is_fruitless` when the time was up before the job had got further.
    """

    def __init__(self, message: str, *, is_fruitless: bool = False) -> None:
        super().__init__(message)
        self.is_fruitless = is_fruitless


class Turn:
    """One turn at one job, by one thread; a long one ends only when others wait for theirs."""

    def __init__(
        self, places: Semaphore, *, short_s: float, long_s: float, look_s: float, clock: Clock
    ) -> None:
        self._places, self._clock = places, clock
        self._short_s, self._long_s, self._look_s = short_s, long_s, look_s
        self._way_back_s: float | None = None
        self.is_long = places.acquire(blocking=False)
        self.begin(fruitless_turns=0)

    def begin(self, *, fruitless_turns: int) -> None:
        """Begin to count the time: the more turns of the job were fruitless, the more it gets."""
        self._longest_way_s = self._long_s * 2.0**fruitless_turns
        self._began = self._clock()
        self._next_look = self._began + self._look_s

    @property
    def is_fruitless(self) -> bool:
        """Whether the job has not got further so far."""
        return self._way_back_s is None

    def note_progress(self) -> None:
        """Note that what the source yields is new from here on."""
        if self._way_back_s is None:
            self._way_back_s = self._clock() - self._began

    def is_look_due(self) -> bool:
        """Return whether it is time to look whether others wait."""
        now = self._clock()
        if now < self._next_look:
            return False
        self._next_look = now + self._look_s
        return True

    def has_had_its_time(self) -> bool:
        """Return whether the turn is over, if others wait; a short one is over in any case.

        A short turn becomes a long one when there is a place. A long one works for longer than it
        took to get back to where the job was: so the way there costs a fraction of the work,
        however often the job gives way. One that does not get further in its time has double the
        time at its next turn.
        """
        taken_s = self._clock() - self._began
        if not self.is_long and taken_s >= self._short_s:
            self.is_long = self._places.acquire(blocking=False)
        if not self.is_long:
            return taken_s >= self._short_s
        if self._way_back_s is None:
            return taken_s >= self._longest_way_s
        work_s = taken_s - self._way_back_s
        return work_s >= max(self._long_s, WORK_A_WAY * self._way_back_s)

    def close(self) -> None:
        """Leave the place of a long turn to another."""
        if self.is_long:
            self.is_long = False
            self._places.release()


class Turns:
    """The turns of a process's threads, of which so many may be long at a time."""

    def __init__(
        self,
        long: int,
        *,
        short_s: float = SHORT_TURN_S,
        long_s: float = LONG_TURN_S,
        look_s: float = LOOK_S,
        clock: Clock = monotonic,
    ) -> None:
        self._places = Semaphore(long)
        self._begin = partial(
            Turn, self._places, short_s=short_s, long_s=long_s, look_s=look_s, clock=clock
        )

    @contextmanager
    def take(self) -> Iterator[Turn]:
        """Begin a turn: a long one, if there is a place."""
        turn = self._begin()
        try:
            yield turn
        finally:
            turn.close()
