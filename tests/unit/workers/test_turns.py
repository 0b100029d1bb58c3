"""Turns: a small job is planned whatever else is, and giving way costs little."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from core.sources import FolderSource, Place, SourceItem
from core.terms import JobState
from db.session import Database
from tests.support.fleet import wait_for
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, add_job, get_job, shards_of
from tests.support.workers import planner
from workers.lanes import Lane
from workers.planner import LONG_TURNS, THREADS
from workers.turns import WORK_A_WAY, Turns

PAUSE_S = 0.01


class Sources:
    """Listings by the name of the folder: `small`, and ones that go on until they are let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.listed: list[str] = []

    def list(
        self,
        source: FolderSource,
        *,
        behind: Place | None,
        heed: Callable[[], None],
        **_: object,
    ) -> Iterator[SourceItem]:
        """List ten items of a small folder, or without an end; an empty one only takes time."""
        self.listed.append(source.path)
        position = behind.count if behind else 0
        while position < 10 or not (source.path == "small" or self.let_go.is_set()):
            if source.path == "empty" and not self.let_go.is_set():
                heed()
                self.let_go.wait(PAUSE_S)
                continue
            if source.path != "small":
                self.let_go.wait(PAUSE_S)
            yield SourceItem(uri=f"file:///{position}", name=f"{position}.jpg")
            position += 1


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Sources:
    """The listings that planners get."""
    sources = Sources()
    monkeypatch.setattr("workers.planner.list_items", sources.list)
    return sources


@pytest.fixture
def add(database: Database) -> Callable[..., int]:
    """A builder of queued jobs over the named listing."""
    version = add_champion(database)

    return lambda path: add_job(database, model_version_id=version, path=path)


def is_listed(database: Database, job_id: int) -> bool:
    """Return whether the job's source has been listed to its end."""
    return get_job(database, job_id).listed_at is not None


@pytest.mark.parametrize("slow", ["endless", "empty"])
def test_a_small_job_is_planned_beside_more_slow_ones_than_threads(
    database: Database,
    tmp_path: Path,
    sources: Sources,
    add: Callable[..., int],
    slow: str,
) -> None:
    """Whether they yield something or nothing; and every job is planned whole in the end."""
    slow_ids = [add(slow) for _ in range(THREADS + 2)]
    turns = Turns(LONG_TURNS, short_s=0, long_s=0, look_s=0)
    planning = replace(planner(database, RecordingQueue(), tmp_path), turns=turns)
    lane = Lane("plan", planning.plan_waiting, threads=THREADS)
    try:
        for _ in slow_ids:
            lane.ring()
        wait_for(lambda: len(sources.listed) > THREADS)
        small = add("small")
        lane.ring()
        wait_for(lambda: is_listed(database, small))
        assert not any(is_listed(database, job_id) for job_id in slow_ids)
    finally:
        sources.let_go.set()
        lane.close()
    for job_id in slow_ids:
        job = get_job(database, job_id)
        positions = [p for shard in shards_of(database, job_id) for p in shard.positions]
        assert (job.state, job.listed_at is not None) == (JobState.RUNNING, True)
        assert positions == list(range(job.total))


def test_a_job_that_is_alone_is_planned_in_one_turn(
    database: Database, tmp_path: Path, sources: Sources, add: Callable[..., int]
) -> None:
    """However long that takes: its source is opened once."""
    turns = Turns(LONG_TURNS, short_s=0, long_s=0, look_s=0)
    sources.let_go.set()
    job_id = add("endless")
    replace(planner(database, RecordingQueue(), tmp_path), turns=turns).plan_waiting()
    assert (is_listed(database, job_id), sources.listed) == (True, ["endless"])


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time, seconds."""
        return self.now


def test_a_short_turn_becomes_a_long_one_when_there_is_a_place() -> None:
    """Otherwise it is over when its time is up, whether others wait or not."""
    clock = Clock()
    turns = Turns(1, short_s=1, long_s=4, clock=clock)
    with turns.take() as first, turns.take() as second, turns.take() as third:
        assert [turn.is_long for turn in (first, second, third)] == [True, False, False]
        clock.now += 0.5
        assert not second.has_had_its_time()
        clock.now += 0.5
        assert second.has_had_its_time()
        assert not second.is_long
        first.close()
        assert not second.has_had_its_time()
        assert second.is_long
        assert third.has_had_its_time()
        clock.now += 3
        assert second.has_had_its_time()


def test_the_way_back_is_a_fraction_of_a_turn() -> None:
    """A turn is not over before it has worked for some times as long as the way back took."""
    clock = Clock()
    with Turns(1, long_s=4, clock=clock).take() as turn:
        turn.begin(fruitless_turns=10)
        clock.now += 1000
        assert not turn.has_had_its_time()
        turn.note_progress()
        clock.now += WORK_A_WAY * 1000 - 1
        turn.note_progress()
        assert not turn.has_had_its_time()
        clock.now += 1
        assert turn.has_had_its_time()


def test_a_turn_that_gets_nowhere_is_followed_by_a_longer_one() -> None:
    """A source without images keeps nobody waiting for ever, and comes to its end nevertheless."""
    clock = Clock()
    for fruitless_turns, longest_s in ((0, 4), (1, 8), (5, 128)):
        with Turns(1, long_s=4, clock=clock).take() as turn:
            turn.begin(fruitless_turns=fruitless_turns)
            clock.now += longest_s - 0.5
            assert not turn.has_had_its_time()
            clock.now += 0.5
            assert (turn.has_had_its_time(), turn.is_fruitless) == (True, True)


def test_looks_are_apart() -> None:
    """The database is not asked for every item."""
    clock = Clock()
    with Turns(1, look_s=1, clock=clock).take() as turn:
        found = []
        for _ in range(6):
            clock.now += 0.5
            found.append(turn.is_look_due())
    assert found == [False, True] * 3
