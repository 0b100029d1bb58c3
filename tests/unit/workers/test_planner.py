"""The planner: fenced, taken up where it stopped, and never the end of a job that could go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.errors import SourceError, StorageError
from core.sources import Place, SourceItem
from core.sources.folder import list_folder
from core.taskqueue import plan_job, scan_next
from core.terms import JobKind, JobState
from db import claims, endings, plan_turns, planning, quotas, shards
from db.claims import ShardClaim
from db.clock import database_time
from db.models import Job, Shard
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import (
    add_api_key,
    add_champion,
    add_job,
    get_job,
    shards_of,
    verdicts_of,
)
from tests.support.scanning import plan_claim, reopen, scan_all
from tests.support.workers import planner, write_faces
from workers.pauses import MAX_POSTPONEMENTS
from workers.plan_attempts import MAX_ATTEMPTS
from workers.planner import Planner


class Rig:
    """A planner of shards of four, and the listing that it gets of whatever job."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.queue = RecordingQueue()
        self.planner: Planner = planner(database, self.queue, folder)
        self.job_id = add_job(database, model_version_id=add_champion(database))
        self.count = 12
        self.after: dict[int, Callable[[], object]] = {}

    def listing(self, *_: object, behind: Place | None, **__: object) -> Iterator[SourceItem]:
        """List `count` items; after so many of them, do what `after` says."""
        for i in range(behind.count if behind else 0, self.count):
            yield SourceItem(uri=f"file:///{i}", name=f"{i}.jpg")
            if action := self.after.pop(i + 1, None):
                action()

    def fail_after(self, items: int, error: Exception) -> None:
        """Have the listing fail once."""

        def fail() -> None:
            raise error

        self.after[items] = fail

    def set(self, **values: object) -> None:
        """Change the job's row."""
        with self.database.write() as session:
            session.execute(update(Job).where(Job.id == self.job_id).values(**values))

    def planned(self) -> list[int]:
        """Return the positions of all shards, in the order of the rows."""
        return [p for shard in shards_of(self.database, self.job_id) for p in shard.positions]


@pytest.fixture
def rig(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A planner with a job, and a listing that tests control."""
    rig = Rig(database, tmp_path)
    monkeypatch.setattr("workers.planner.list_items", rig.listing)
    return rig


def test_a_listing_that_fails_with_shards_in_hand(rig: Rig) -> None:
    """The shard in hand is finished, then the job ends as failed, with its sentence."""
    held: list[ShardClaim] = []

    def claim_and_fail() -> None:
        with rig.database.write() as session:
            claim = claims.claim_next(session, worker="test", lease_s=60)
            assert claim is not None
            held.append(claim)
        raise SourceError("The folder is gone.")

    rig.after[6] = claim_and_fail
    rig.planner.plan_waiting()
    assert get_job(rig.database, rig.job_id).state is JobState.CANCELLING
    with rig.database.write() as session:
        shards.finish(session, [held[0]], verdicts_of(held[0]), window=4)
    job = get_job(rig.database, rig.job_id)
    assert (job.state, job.error, job.scored) == (JobState.FAILED, "The folder is gone.", 4)
    reopen(rig.database, rig.job_id)
    rig.planner.plan_waiting()
    scan_all(rig.database, rig.job_id, failing=set())
    assert get_job(rig.database, rig.job_id).state is JobState.COMPLETED
    assert rig.planned() == list(range(12))


def test_a_commit_whose_answer_got_lost_is_not_done_twice(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shards are there when they are written again: the job goes on, and its key pays once."""
    key_id = add_api_key(rig.database)
    rig.set(api_key_id=key_id)
    lost = 2
    write = rig.database.write

    @contextmanager
    def losing() -> Iterator[Session]:
        nonlocal lost
        with write() as session:
            before = session.scalar(select(func.count()).select_from(Shard))
            yield session
            after = session.scalar(select(func.count()).select_from(Shard))
        if after != before and lost:
            lost -= 1
            raise OperationalError("commit", {}, Exception("the connection is lost"))

    monkeypatch.setattr(rig.database, "write", losing)
    rig.planner.plan_waiting()
    assert lost == 0
    assert rig.planned() == list(range(12))
    job = get_job(rig.database, rig.job_id)
    assert (job.state, job.total, job.error) == (JobState.RUNNING, 12, None)
    with rig.database.read() as session:
        assert quotas.used_today(session) == {key_id: 12}


def test_a_retry_plans_failed_items_and_what_was_not_listed(rig: Rig) -> None:
    """In one go, but nothing is given up for a source that still cannot be listed."""

    def scan_and_fail() -> None:
        scan_all(rig.database, rig.job_id, failing={1, 2})
        raise SourceError("The folder is gone.")

    rig.after[6] = scan_and_fail
    rig.planner.plan_waiting()
    reopen(rig.database, rig.job_id)
    rig.fail_after(5, SourceError("It is still gone."))
    rig.planner.plan_waiting()
    job = get_job(rig.database, rig.job_id)
    assert (job.state, job.error, job.failed) == (JobState.FAILED, "It is still gone.", 2)
    reopen(rig.database, rig.job_id)
    rig.planner.plan_waiting()
    assert sorted(rig.planned()) == [0, 1, 1, 2, 2, *range(3, 12)]
    scan_all(rig.database, rig.job_id, failing=set())
    job = get_job(rig.database, rig.job_id)
    assert (job.state, job.scored, job.failed) == (JobState.COMPLETED, 12, 0)


def test_a_job_that_is_cancelled_while_it_is_planned(rig: Rig) -> None:
    """The planner stops at its next write, and goes on with the next job."""

    def cancel() -> None:
        with rig.database.write() as session:
            endings.cancel(session, session.get_one(Job, rig.job_id))

    rig.after[6] = cancel
    other = add_job(rig.database, model_version_id=add_champion(rig.database))
    rig.planner.plan_waiting()
    assert get_job(rig.database, rig.job_id).state is JobState.CANCELLED
    assert rig.planned() == [0, 1, 2, 3]
    assert get_job(rig.database, other).listed_at is not None


def test_storage_that_does_not_answer_puts_planning_off(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job waits, is taken up where it stopped, and nothing is planned twice."""
    monkeypatch.setattr("workers.plan_attempts.pause_s", lambda _postponements: 3600.0)
    rig.fail_after(6, StorageError("The bucket does not answer."))
    rig.planner.plan_waiting()
    job = get_job(rig.database, rig.job_id)
    assert (job.state, job.plan_attempts, job.plan_postponements) == (JobState.RUNNING, 0, 1)
    rig.planner.plan_waiting()
    assert rig.planned() == [0, 1, 2, 3]
    rig.set(plan_not_before=database_time(-1))
    rig.planner.plan_waiting()
    assert rig.planned() == list(range(12))
    assert get_job(rig.database, rig.job_id).plan_postponements == 0


def test_storage_that_never_answers_fails_the_job(rig: Rig) -> None:
    """After many postponements the job ends with what storage said."""
    rig.set(plan_postponements=MAX_POSTPONEMENTS)
    rig.fail_after(2, StorageError("The bucket does not answer."))
    rig.planner.plan_waiting()
    job = get_job(rig.database, rig.job_id)
    assert (job.state, job.error) == (JobState.FAILED, "The bucket does not answer.")


def test_a_planner_that_lost_its_job_cannot_fail_it(rig: Rig) -> None:
    """What goes wrong for a planner that was thought dead is no matter of the job."""

    def lose_and_fail() -> None:
        rig.set(plan_lease_expires_at=database_time(-1))
        plan_claim(rig.database, rig.job_id)
        raise SourceError("The folder is gone.")

    rig.after[6] = lose_and_fail
    rig.planner.plan_waiting()
    assert get_job(rig.database, rig.job_id).state is JobState.RUNNING


def test_a_database_that_is_away_does_not_fail_the_job(rig: Rig) -> None:
    """The planner gives up, and the job goes to another one when the lease runs out."""
    rig.fail_after(6, OperationalError("SELECT", {}, Exception("the connection is lost")))
    with pytest.raises(OperationalError):
        rig.planner.plan_waiting()
    assert get_job(rig.database, rig.job_id).state is JobState.RUNNING


def test_a_source_that_kills_its_planners_is_given_up(rig: Rig) -> None:
    """After a few deaths at one place the job fails; deaths at different places are no matter."""
    for planned in range(MAX_ATTEMPTS):
        claim = plan_claim(rig.database, rig.job_id, lease_s=-1)
        items = [SourceItem(uri="file:///face", name="face")]
        with rig.database.write() as session:
            assert planning.write_shards(
                session, claim, first_position=planned, shards=[items], lease_s=-1
            )
    for attempts in range(2, MAX_ATTEMPTS + 1):
        assert plan_claim(rig.database, rig.job_id, lease_s=-1).attempts == attempts
    rig.planner.plan_waiting()
    job = get_job(rig.database, rig.job_id)
    assert job.state is JobState.FAILED
    assert (job.error or "").startswith("The workers that list the source die of it")


def test_a_planner_that_stops_hands_its_job_on(rig: Rig) -> None:
    """Another one is rung for at once, and goes on where it stopped."""
    rig.after[6] = rig.planner.stopping.set
    rig.planner.plan_waiting()
    assert rig.queue.messages[-1] == plan_job()
    assert get_job(rig.database, rig.job_id).plan_attempts == 0
    rig.planner.stopping.clear()
    rig.planner.plan_waiting()
    assert rig.planned() == list(range(12))


def test_a_folder_that_changes_between_two_planners_is_listed_once(
    database: Database, tmp_path: Path
) -> None:
    """No image is left out because an earlier one is gone, none comes twice behind a new one."""
    folder = write_faces(tmp_path / "faces", [b"r"] * 12)
    later = planner(database, RecordingQueue(), tmp_path / "storage")
    job_id = add_job(database, model_version_id=add_champion(database), path=str(folder))
    claim = plan_claim(database, job_id)
    with database.write() as session:
        first = list(islice(list_folder(str(folder)), 4))
        planning.write_shards(session, claim, first_position=0, shards=[first], lease_s=60)
        plan_turns.release(session, claim)
    (folder / "0001.jpg").unlink()
    (folder / "0002b.jpg").touch()
    later.plan_waiting()
    names = [row["name"] for row in rows_of(database, job_id)]
    assert names == [f"{i:04d}.jpg" for i in range(12)]


def rows_of(database: Database, job_id: int) -> list[dict[str, str]]:
    """Return the items of the job's shards, in order."""
    return [row for shard in shards_of(database, job_id) for row in shard.items]


def test_a_single_scan_is_retried_on_its_own_queue(rig: Rig) -> None:
    """The bell for a single image goes where single images are scanned."""
    rig.set(kind=JobKind.SINGLE)
    rig.count = 1
    rig.planner.plan_waiting()
    assert rig.queue.messages == [scan_next(interactive=True)]
