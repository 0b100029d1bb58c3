"""From a folder to verdicts without a broker: what a job's items become."""

from pathlib import Path

import pytest

from core.taskqueue import plan_job
from core.terms import ItemCode, JobState, Label, Outcome
from db import verdicts
from db.models import Verdict
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, add_job, get_job
from tests.support.workers import (
    PretendDetector,
    planner,
    run_messages,
    shard_scanner,
    write_faces,
)


@pytest.fixture
def queue() -> RecordingQueue:
    """A queue that keeps its messages."""
    return RecordingQueue()


def _scan(database: Database, queue: RecordingQueue, faces: Path, detector: PretendDetector) -> int:
    """Run a job over the folder to its end; return its id."""
    job_id = add_job(database, model_version_id=add_champion(database), path=str(faces))
    queue.send(plan_job())
    with shard_scanner(database, queue, detector) as scanner:
        run_messages(queue, planner(database, queue, faces.parent / "storage"), scanner)
    return job_id


def _verdicts(database: Database, job_id: int) -> list[Verdict]:
    with database.read() as session:
        return list(verdicts.page(session, job_id, limit=1000))


def test_each_item_gets_one_verdict_in_submission_order(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """500 images give 500 verdicts in order, and counters that add up."""
    contents = [bytes([b"rf"[i % 2]]) + str(i).encode() for i in range(500)]
    job_id = _scan(database, queue, write_faces(tmp_path / "faces", contents), PretendDetector())
    found = _verdicts(database, job_id)
    assert [verdict.name for verdict in found] == [f"{i:04d}.jpg" for i in range(500)]
    assert [verdict.label for verdict in found[:2]] == [Label.REAL, Label.FAKE]
    job = get_job(database, job_id)
    assert (job.state, job.total, job.scored) == (JobState.COMPLETED, 500, 500)
    assert (job.real, job.fake, job.failed) == (250, 250, 0)


def test_a_bad_file_is_an_outcome_and_the_job_completes(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """Damaged, empty and oversized files fail with a code and a sentence, the others are scored."""
    faces = write_faces(tmp_path / "faces", [b"r", b"b", b"", b"r" * 2000, b"f"])
    job_id = _scan(database, queue, faces, PretendDetector())
    found = _verdicts(database, job_id)
    assert [verdict.code for verdict in found] == [
        None,
        ItemCode.UNDECODABLE,
        ItemCode.UNDECODABLE,
        ItemCode.TOO_LARGE,
        None,
    ]
    assert all((verdict.message or "").endswith(".") for verdict in found[1:4])
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_a_file_that_vanished_is_fetch_failed(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """A file deleted between planning and scanning fails alone."""
    faces = write_faces(tmp_path / "faces", [b"r0", b"r1"])
    job_id = add_job(database, model_version_id=add_champion(database), path=str(faces))
    planner(database, queue, tmp_path / "storage").plan_waiting()
    (faces / "0000.jpg").unlink()
    with shard_scanner(database, queue, PretendDetector()) as scanner:
        scanner.scan_next()
    codes = [verdict.code for verdict in _verdicts(database, job_id)]
    assert codes == [ItemCode.FETCH_FAILED, None]


def test_an_image_that_breaks_the_scan_ends_as_poison(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """The shard is halved until the image is alone; the others are scored."""
    faces = write_faces(tmp_path / "faces", [b"r0", b"x1", b"f2", b"r3", b"r4"])
    job_id = _scan(database, queue, faces, PretendDetector())
    found = _verdicts(database, job_id)
    assert [verdict.outcome for verdict in found].count(Outcome.SCORED) == 4
    assert (found[1].code, found[1].sha256) == (ItemCode.POISON, None)
    assert get_job(database, job_id).state is JobState.COMPLETED


def test_the_same_bytes_are_not_scored_again(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """A second job over the same files reuses their verdicts and says so."""
    faces = write_faces(tmp_path / "faces", [b"r0", b"f1", b"b"])
    detector = PretendDetector()
    first = _scan(database, queue, faces, detector)
    decoded = detector.prepared
    second = _scan(database, queue, faces, detector)
    assert detector.prepared == decoded + 1  # only the damaged file is tried again
    assert [v.score for v in _verdicts(database, first)] == [
        v.score for v in _verdicts(database, second)
    ]
    job = get_job(database, second)
    assert (job.scored, job.reused, job.fake, job.failed) == (2, 2, 1, 1)


def test_a_second_message_for_a_shard_changes_nothing(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """A duplicate delivery finds the shard done."""
    faces = write_faces(tmp_path / "faces", [b"r0", b"f1"])
    job_id = _scan(database, queue, faces, PretendDetector())
    before = get_job(database, job_id)
    with shard_scanner(database, queue, PretendDetector()) as scanner:
        assert not scanner.scan_next()
    after = get_job(database, job_id)
    assert (after.scored, after.state) == (before.scored, before.state)
    assert len(_verdicts(database, job_id)) == 2


def test_a_folder_without_images_fails_the_job_in_a_sentence(
    database: Database, queue: RecordingQueue, tmp_path: Path
) -> None:
    """An empty or missing folder is the job's error."""
    (tmp_path / "empty").mkdir()
    empty = get_job(database, _scan(database, queue, tmp_path / "empty", PretendDetector()))
    missing = get_job(database, _scan(database, queue, tmp_path / "gone", PretendDetector()))
    assert (empty.state, missing.state) == (JobState.FAILED, JobState.FAILED)
    assert "no images" in (empty.error or "")
    assert "does not exist" in (missing.error or "")
