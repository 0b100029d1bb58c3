"""Shards that cannot be scanned now, through no fault of their images: put off, not charged."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from core.errors import ModelUnavailableError, StorageError
from core.sources import SourceItem
from core.taskqueue import scan_next
from core.terms import ItemCode, JobKind, JobState, Outcome, ShardState
from db import endings, verdicts
from db.clock import database_time
from db.models import Job, Shard
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_job_of, get_job, shards_of
from tests.support.workers import PretendDetector, bytes_of_name, recovery, shard_scanner
from workers.pauses import MAX_POSTPONEMENTS


def _away(item: SourceItem) -> bytes:
    if item.name.startswith("away"):
        raise StorageError("The bucket does not answer.")
    return item.name.encode()


def _scan(
    database: Database,
    fetch: Callable[[SourceItem], bytes] = _away,
    queue: RecordingQueue | None = None,
) -> None:
    with shard_scanner(
        database, queue or RecordingQueue(), PretendDetector(), fetch=fetch
    ) as scanner:
        scanner.scan_next()


def _set(database: Database, job_id: int, **values: object) -> None:
    with database.write() as session:
        session.execute(update(Shard).where(Shard.job_id == job_id).values(**values))


def test_what_could_be_had_is_committed(database: Database) -> None:
    """Items whose storage does not answer wait alone, at their own positions."""
    job_id = add_job_of(database, ["r0", "away1", "f2", "away3"])
    _scan(database)
    waiting, done = sorted(shards_of(database, job_id), key=lambda shard: shard.state)[::-1]
    assert (done.state, done.positions) == (ShardState.DONE, [0, 2])
    assert (waiting.state, waiting.positions) == (ShardState.PLANNED, [1, 3])
    assert (waiting.attempts, waiting.postponements) == (0, 1)
    assert waiting.last_error == "The bucket does not answer."
    assert get_job(database, job_id).scored == 2


def test_a_postponed_shard_waits_its_time_and_is_found_by_the_sweep(database: Database) -> None:
    """Before, the sweep leaves it; after, it is queued and rung for."""
    job_id = add_job_of(database, ["away"])
    _scan(database)
    queue = RecordingQueue()
    recovery(database, queue).sweep()
    assert (shards_of(database, job_id)[0].state, queue.messages) == (ShardState.PLANNED, [])
    _set(database, job_id, not_before=database_time(-1))
    recovery(database, queue).sweep()
    assert shards_of(database, job_id)[0].state is ShardState.QUEUED
    assert queue.messages == [scan_next(interactive=False)]
    _scan(database, bytes_of_name)
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_a_single_scan_is_rung_for_on_its_own_queue_again(database: Database) -> None:
    """A single scan that was put off does not wait behind bulk shards afterwards."""
    job_id = add_job_of(database, ["away"], kind=JobKind.SINGLE)
    _scan(database)
    _set(database, job_id, not_before=database_time(-1))
    queue = RecordingQueue()
    recovery(database, queue).sweep()
    assert queue.messages == [scan_next(interactive=True)]


@pytest.mark.parametrize(("postponements", "pause_s"), [(0, 1), (3, 8), (6, 60), (5000, 60)])
def test_pauses_grow_up_to_a_minute(database: Database, postponements: int, pause_s: float) -> None:
    """However often a shard was put off, the next pause is known."""
    job_id = add_job_of(database, ["r0"])
    _set(database, job_id, postponements=postponements)

    def unavailable(_item: SourceItem) -> bytes:
        raise ModelUnavailableError("There is no such model version here.")

    _scan(database, unavailable)
    with database.read() as session:
        now, shard = session.execute(select(database_time(), Shard)).one()
    assert shard.attempts == 0
    assert shard.not_before is not None
    pause = shard.not_before - now
    assert timedelta(seconds=pause_s - 20) < pause <= timedelta(seconds=pause_s)


def test_storage_that_never_answers_fails_the_item(database: Database) -> None:
    """After many postponements the item ends, with what storage said."""
    job_id = add_job_of(database, ["away", "r1"])
    _set(database, job_id, postponements=MAX_POSTPONEMENTS)
    _scan(database)
    with database.read() as session:
        first, second = verdicts.page(session, job_id, limit=10)
    assert (first.outcome, first.code) == (Outcome.FAILED, ItemCode.FETCH_FAILED)
    assert first.message == "The bucket does not answer. It was tried many times."
    assert second.outcome is Outcome.SCORED
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_a_database_that_is_away_is_no_fault_of_the_images(database: Database) -> None:
    """A shard whose worker cannot look for earlier verdicts loses no attempt."""
    job_id = add_job_of(database, ["r0"])

    def cut(_item: SourceItem) -> bytes:
        raise OperationalError("SELECT", {}, Exception("the connection is lost"))

    _scan(database, cut)
    (shard,) = shards_of(database, job_id)
    assert (shard.state, shard.attempts, shard.postponements) == (ShardState.PLANNED, 0, 1)


def test_other_reasons_do_not_use_up_the_tries_of_storage(database: Database) -> None:
    """Put off for long by a missing model version, then storage that hesitates: not final yet."""
    job_id = add_job_of(database, ["away"])

    class Missing(PretendDetector):
        @property
        def finds_faces(self) -> bool:
            raise ModelUnavailableError("The registry has no model version test-1.")

        @finds_faces.setter
        def finds_faces(self, value: bool) -> None: ...

    for _ in range(MAX_POSTPONEMENTS + 5):
        _set(database, job_id, state=ShardState.QUEUED, not_before=None)
        with shard_scanner(database, RecordingQueue(), Missing(), fetch=_away) as scanner:
            scanner.scan_next()
    (shard,) = shards_of(database, job_id)
    assert shard.postponements < MAX_POSTPONEMENTS
    _set(database, job_id, state=ShardState.QUEUED, not_before=None)
    _scan(database)
    assert get_job(database, job_id).failed == 0


def test_a_broken_device_is_not_the_images_fault(database: Database) -> None:
    """However often it fails, the shard is put off and keeps its attempts."""
    job_id = add_job_of(database, ["r0", "f1"])

    class Broken(PretendDetector):
        def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:  # noqa: ARG002
            raise RuntimeError("an illegal memory access")

    for _ in range(4):
        _set(database, job_id, state=ShardState.QUEUED, not_before=None)
        with shard_scanner(database, RecordingQueue(), Broken(), fetch=bytes_of_name) as scanner:
            scanner.scan_next()
    (shard,) = shards_of(database, job_id)
    assert (shard.state, shard.attempts, shard.size) == (ShardState.PLANNED, 0, 2)
    assert "an illegal memory access" in (shard.last_error or "")


def test_the_end_of_a_stopped_job_by_its_last_shard_in_hand_is_told(database: Database) -> None:
    """It was cancelled while storage did not answer: who waits hears of the end at once."""
    job_id = add_job_of(database, ["away0", "away1"])

    def fetch(item: SourceItem) -> bytes:
        with database.write() as session:
            endings.cancel(session, session.get_one(Job, job_id))
        return _away(item)

    with (
        capture_logs() as logs,
        shard_scanner(database, RecordingQueue(), PretendDetector(), fetch=fetch) as scanner,
    ):
        scanner.scan_next()
    announced = [entry for entry in logs if entry["event"] == "job_ended"]
    assert get_job(database, job_id).state is JobState.CANCELLED
    assert len(announced) == 1
