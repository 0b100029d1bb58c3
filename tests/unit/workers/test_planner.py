"""Planning: faults of manifests are kept, valid lines still run, a strict manifest runs whole."""

import json
from pathlib import Path

import pytest

from core.sources import LineFault, SourceItem
from core.terms import JobState, ManifestFaultCode
from db import faults
from db.models import Job
from db.session import Database
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, add_job, get_job, shards_of
from tests.support.workers import planner, write_faces
from workers.grouping import grouped

LINES = 9


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A manifest of nine lines, the third of which is not JSON; it lies in storage."""
    faces = write_faces(tmp_path / "storage" / "faces", [b"r"] * LINES)
    lines = [
        json.dumps({"uri": file.as_uri(), "custom_id": file.stem})
        for file in sorted(faces.iterdir())
    ]
    lines[2] = "no JSON"
    path = tmp_path / "storage" / "faces.jsonl"
    path.write_text("\n".join(lines))
    return path


def _plan(database: Database, manifest: Path, *, strict: bool) -> Job:
    job_id = add_job(database, model_version_id=add_champion(database))
    source = {"type": "manifest", "uri": manifest.as_uri(), "name": "faces.jsonl"}
    with database.write() as session:
        session.get_one(Job, job_id).source = {**source, "format": "jsonl", "strict": strict}
    planner(database, RecordingQueue(), manifest.parent).plan_waiting()
    return get_job(database, job_id)


def test_a_faulty_line_is_kept_and_the_others_run(database: Database, manifest: Path) -> None:
    """The job has the valid lines as items, and counts the fault with its line."""
    job = _plan(database, manifest, strict=False)
    assert (job.state, job.total, job.faults) == (JobState.RUNNING, LINES - 1, 1)
    with database.read() as session:
        (fault,) = faults.page(session, job.id, limit=10)
    assert (fault.line, fault.code) == (3, ManifestFaultCode.NOT_JSON)


def test_a_strict_manifest_with_a_fault_scans_nothing(database: Database, manifest: Path) -> None:
    """Even the lines before the fault are left alone; the job says how many are faulty."""
    job = _plan(database, manifest, strict=True)
    assert (job.state, job.faults) == (JobState.FAILED, 1)
    assert "the job is strict, so nothing was scanned" in (job.error or "")
    assert shards_of(database, job.id) == []


def test_groups_begin_small_and_hold_every_entry_in_order() -> None:
    """The first group is one shard, then ever more; faults travel with their neighbours."""
    fault = LineFault(1, ManifestFaultCode.NOT_JSON, "No JSON.")
    items = [SourceItem(uri=str(i), name=str(i)) for i in range(23)]
    groups = list(grouped([fault, *items], 4))
    assert [len(group.shards) for group in groups] == [1, 2, 3]
    assert groups[0].faults == [fault]
    assert [item for group in groups for shard in group.shards for item in shard] == items
