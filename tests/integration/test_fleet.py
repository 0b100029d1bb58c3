"""Real workers on a real broker, on both databases: exactly one verdict for each image."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from core.terms import JobState, Outcome
from db import verdicts
from db.models import Job, Verdict
from db.session import Database
from tests.support.fleet import Fleet, fleet, wait_for, write_images
from tests.support.rows import shards_of
from tests.support.stack import installation
from tests.support.workers import write_faces


@pytest.fixture
def workers(database: Database, broker_url: str, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet with short leases and quick recovery."""
    with (
        installation(
            broker_url=broker_url,
            database_url=database.engine.url.render_as_string(hide_password=False),
            allowed_roots=str(tmp_path),
            shard_size="8",
            lease_s="3",
            recovery_interval_s="1",
        ) as installed,
        fleet(installed, database, broker_url) as started,
    ):
        yield started


def _verdicts(workers: Fleet, job_id: int) -> list[Verdict]:
    with workers.database.read() as session:
        return list(verdicts.page(session, job_id, limit=1000))


def _is_final(job: Job) -> bool:
    return job.state.is_final


def test_500_images_give_500_verdicts_in_order(workers: Fleet, tmp_path: Path) -> None:
    """One job, one worker: a verdict each, in submission order, and counters that add up."""
    workers.start_worker("one")
    job_id = workers.submit(write_images(tmp_path / "faces", 500))
    job = workers.wait(job_id, _is_final)
    assert (job.state, job.total, job.scored) == (JobState.COMPLETED, 500, 500)
    assert job.fake + job.real + job.uncertain == 500
    found = _verdicts(workers, job_id)
    assert [verdict.position for verdict in found] == list(range(500))
    assert [verdict.name for verdict in found] == [f"{i:04d}.jpg" for i in range(500)]


def test_two_workers_share_a_job(workers: Fleet, tmp_path: Path) -> None:
    """Each takes a fair part of the shards, and no image is scored twice."""
    for name in ("one", "two"):
        workers.start_worker(name)
    job_id = workers.submit(write_images(tmp_path / "faces", 800))
    assert workers.wait(job_id, _is_final).scored == 800
    taken = shards_of(workers.database, job_id)
    share = Counter(shard.leased_by for shard in taken)
    assert len(share) == 2
    assert min(share.values()) >= 0.1 * len(taken), share  # one may start later
    assert all(shard.lease_token == 1 for shard in taken)


def test_a_killed_workers_job_is_finished_by_another(workers: Fleet, tmp_path: Path) -> None:
    """kill -9 in the middle of a job, then a new worker: one verdict each."""
    workers.start_beat()
    first = workers.start_worker("first")
    job_id = workers.submit(write_images(tmp_path / "faces", 600))
    workers.wait(job_id, lambda job: job.ended >= 40)
    first.kill()
    first.wait()
    ended = workers.wait(job_id, lambda _: True).ended
    assert ended < 600, "The job ended before the worker was killed."
    workers.start_worker("second")
    job = workers.wait(job_id, _is_final)
    assert (job.state, job.scored, job.failed) == (JobState.COMPLETED, 600, 0)
    found = _verdicts(workers, job_id)
    assert [verdict.position for verdict in found] == list(range(600))
    assert {verdict.outcome for verdict in found} == {Outcome.SCORED}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_same_bytes_all_over_a_job_are_scored_once_a_process(
    workers: Fleet, tmp_path: Path
) -> None:
    """By both, if they have them in hand at once; all others take over the score, and say so."""
    for name in ("one", "two"):
        workers.start_worker(name, gated=True)
    first = [b"w%d" % (i % 8) for i in range(64)]  # more shards than the slots of both workers
    then = [b"fr"[i % 2 : i % 2 + 1] + b"%d" % (i % 30) for i in range(336)]
    contents = first + then
    job_id = workers.submit(write_faces(tmp_path / "faces", contents))
    wait_for(lambda: len({pid for pid, _ in workers.prepared}) == 2)
    workers.gate.touch()
    job = workers.wait(job_id, _is_final)
    assert (job.state, job.scored) == (JobState.COMPLETED, len(contents))
    found = _verdicts(workers, job_id)
    assert [verdict.sha256 for verdict in found] == [sha256(one).digest() for one in contents]
    scores = {(verdict.sha256, verdict.label, verdict.score) for verdict in found}
    assert len(scores) == len({score for _, _, score in scores}) == len(set(contents))
    prepared = Counter(workers.prepared)
    assert set(prepared.values()) == {1}, prepared
    times = Counter(content for _, content in prepared)
    assert {times[content] for content in first} == {2}
    assert times == Counter(
        content for content, verdict in zip(contents, found, strict=True) if not verdict.reused
    )
    assert job.reused == len(contents) - len(prepared)
