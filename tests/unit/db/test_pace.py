"""The pace of a job: of late while it runs, over the whole run afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from db import pace
from db.models import Job
from db.session import Database
from tests.support.rows import add_planned_job, get_job

SLOT = 1000
START = datetime.fromtimestamp(SLOT * pace.SLOT_S, UTC)


def running_job(*, ran_s: float, slot: int = SLOT, items: int = 0, before: int = 0) -> Job:
    """A job that began so long before the slot, and its counts of items."""
    begun = START - timedelta(seconds=ran_s)
    return Job(running_at=begun, pace_slot=slot, pace_items=items, pace_before=before)


def rate(job: Job, after_s: float) -> float | None:
    """Return the rate so many seconds after the slot began."""
    return pace.rate(job, START + timedelta(seconds=after_s))


def test_the_rate_is_that_of_the_last_minute() -> None:
    """What a slow beginning took is forgotten."""
    job = running_job(ran_s=10_000, items=100, before=300)
    assert rate(job, 10) == 400 / 40


def test_a_young_job_counts_from_its_beginning() -> None:
    """Not from a half minute in which it was not there."""
    assert rate(running_job(ran_s=5, items=20, before=80), 5) == 100 / 10


def test_a_job_that_stands_still_slows_down_to_nothing() -> None:
    """First what it did a moment ago counts, then nothing."""
    job = running_job(ran_s=10_000, slot=SLOT - 1, items=60, before=900)
    assert rate(job, 0) == 60 / 30
    assert rate(job, 29) == 60 / 59
    assert rate(job, 30) == 0


def test_a_job_of_reused_verdicts_has_no_absurd_rate() -> None:
    """What ends within milliseconds is not multiplied up to millions."""
    assert rate(running_job(ran_s=0.001, items=64), 0) == 640


def test_a_job_that_has_ended_keeps_the_rate_of_its_run() -> None:
    """However late it is read."""
    job = running_job(ran_s=50, items=1)
    job.scored, job.not_applicable, job.failed = 90, 5, 5
    job.ended_at = START
    assert rate(job, 10_000) == 2


def test_a_job_that_has_not_begun_has_none() -> None:
    """There is nothing to tell it from."""
    assert pace.rate(Job(), START) is None


@pytest.mark.parametrize(
    ("earlier", "counts"),
    [
        ({"pace_slot": 1, "pace_items": 5, "pace_before": 3}, (12, 3)),
        ({"pace_slot": 0, "pace_items": 5, "pace_before": 3}, (7, 5)),
        ({"pace_slot": -1, "pace_items": 5, "pace_before": 3}, (7, 0)),
    ],
)
def test_the_counts_move_on_with_the_clock(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    earlier: dict[str, int],
    counts: tuple[int, int],
) -> None:
    """Added to in the same half minute, handed down in the next one, dropped after that."""
    monkeypatch.setattr(pace, "SLOT_S", 1_000_000_000)  # so that now is in slot 1, for years
    job_id = add_planned_job(database, items=1)
    of_job = update(Job).where(Job.id == job_id)
    with database.write() as session:
        session.execute(of_job.values(earlier))
        session.execute(of_job.values(pace.added(7)))
    job = get_job(database, job_id)
    assert (job.pace_items, job.pace_before, job.pace_slot) == (*counts, 1)
