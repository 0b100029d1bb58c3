"""Faults of manifests: each counted once, the first ones kept."""

import pytest

from core.sources import LineFault
from core.terms import ManifestFaultCode
from db import faults
from db.session import Database
from tests.support.rows import add_champion, add_job, get_job


def faulty(*lines: int, code: ManifestFaultCode = ManifestFaultCode.NOT_JSON) -> list[LineFault]:
    """Return one fault a line."""
    return [LineFault(line, code, f"Line {line} is not JSON.") for line in lines]


@pytest.fixture
def job_id(database: Database) -> int:
    """A job without faults."""
    return add_job(database, model_version_id=add_champion(database))


def test_a_line_is_counted_once(database: Database, job_id: int) -> None:
    """A planner that goes on where another stopped records the same lines again."""
    for lines in ((2, 5), (2, 5, 9), (), (9,)):
        with database.write() as session:
            faults.record(session, job_id, faulty(*lines))
    assert get_job(database, job_id).faults == 3
    with database.read() as session:
        assert [fault.line for fault in faults.page(session, job_id, limit=10)] == [2, 5, 9]


def test_the_first_ones_are_kept_and_all_are_counted(database: Database, job_id: int) -> None:
    """A manifest may have a fault on each of its million lines; each code is counted, too."""
    codes = (ManifestFaultCode.NOT_JSON, ManifestFaultCode.MISSING_URI, ManifestFaultCode.NOT_TEXT)
    for first, code in zip((1, 901, 1801), codes, strict=True):
        with database.write() as session:
            faults.record(session, job_id, faulty(*range(first, first + 900), code=code))
    job = get_job(database, job_id)
    assert (job.faults, job.faults_by_code) == (2700, dict.fromkeys(codes, 900))
    with database.read() as session:
        kept = faults.page(session, job_id, limit=5000)
    assert [fault.line for fault in kept] == list(range(1, 1001))


def test_pages_and_codes(database: Database, job_id: int) -> None:
    """A page begins after a line; codes are counted once, those of other jobs are not."""
    other = add_job(database, model_version_id=add_champion(database))
    with database.write() as session:
        faults.record(session, other, faulty(1))
        faults.record(session, job_id, faulty(1, 2))
        faults.record(session, job_id, faulty(2, 3, code=ManifestFaultCode.MISSING_URI))
    with database.read() as session:
        page = faults.page(session, job_id, limit=1, after_line=1)
    assert [(fault.line, fault.message) for fault in page] == [(2, "Line 2 is not JSON.")]
    assert get_job(database, job_id).faults_by_code == {
        ManifestFaultCode.NOT_JSON: 2,
        ManifestFaultCode.MISSING_URI: 1,
    }
