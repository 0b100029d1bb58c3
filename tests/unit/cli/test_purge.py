"""`fakesweep purge`: what is not kept any more goes now."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from core.terms import JobState
from db import deletion
from db.models import Job
from db.session import Database
from tests.support.rows import add_planned_job


def test_says_what_it_deleted(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs, uploads and keys, in one sentence."""
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("FAKESWEEP_DATA_DIR", str(tmp_path))
    database = Database(sqlite_url)
    job_id = add_planned_job(database, items=3)
    with database.write() as session:
        job = session.get_one(Job, job_id)
        job.state = JobState.COMPLETED
        session.flush()
        deletion.delete(session, job.public_id)
    ended = CliRunner().invoke(main, ["purge"])
    assert ended.exit_code == 0, ended.output
    assert ended.stdout == (
        "Jobs deleted: 1. Jobs whose uploads were deleted: 0. Unused uploads deleted: 0. "
        "Idempotency keys deleted: 0. Webhook deliveries deleted: 0. "
        "Leftovers deleted: 0.\n"
    )
    with database.read() as session:
        assert session.get(Job, job_id) is None
    database.close()
