"""Copies: the same bytes among other verdicts, as far as a key may see them."""

from sqlalchemy import update

from db import copies
from db.clock import database_time
from db.models import Job, Verdict
from db.session import Database
from db.verdicts import NewVerdict, add
from tests.support.rows import (
    add_api_key,
    add_champion,
    add_job,
    failed_verdict,
    verdict_of,
)

BYTES, OTHERS = b"a" * 32, b"b" * 32


def add_verdicts(database: Database, *found: NewVerdict, api_key_id: int | None = None) -> int:
    """Insert a job with the verdicts; return its id."""
    version = add_champion(database)
    job_id = add_job(database, model_version_id=version, api_key_id=api_key_id)
    with database.write() as session:
        add(session, job_id, version, list(found))
    return job_id


def places(
    database: Database, job_id: int, *, visible_to: int | None = None, limit: int = 9
) -> list[tuple[int, int]]:
    """Return where the bytes of the job's first verdict are as well."""
    with database.read() as session:
        verdict = session.get_one(Verdict, (job_id, 0))
        found = copies.find(session, verdict, visible_to=visible_to, limit=limit)
    return [(job.id, verdict.position) for job, verdict in found]


def test_the_same_bytes_are_found_in_whichever_way_they_were_scored(database: Database) -> None:
    """The newest jobs first, the verdict itself left out, other bytes and failures too."""
    first = add_verdicts(database, verdict_of(0, BYTES), verdict_of(1, OTHERS))
    second = add_verdicts(database, verdict_of(0, BYTES, faces=[]), failed_verdict(1))
    third = add_verdicts(database, verdict_of(0, BYTES), verdict_of(1, BYTES))
    assert places(database, first) == [(third, 0), (third, 1), (second, 0)]
    assert places(database, third) == [(third, 1), (second, 0), (first, 0)]
    assert places(database, third, limit=1) == [(third, 1)]


def test_a_key_finds_its_own_jobs_only(database: Database) -> None:
    """And nobody those that were deleted."""
    mine, theirs = add_api_key(database, "mine"), add_api_key(database, "theirs")
    job_id = add_verdicts(database, verdict_of(0, BYTES), api_key_id=mine)
    other = add_verdicts(database, verdict_of(0, BYTES), api_key_id=mine)
    hidden = add_verdicts(database, verdict_of(0, BYTES), api_key_id=theirs)
    assert places(database, job_id, visible_to=mine) == [(other, 0)]
    assert places(database, job_id) == [(hidden, 0), (other, 0)]
    with database.write() as session:
        session.execute(update(Job).where(Job.id == hidden).values(deleted_at=database_time()))
    assert places(database, job_id) == [(other, 0)]


def test_an_item_whose_bytes_never_came_has_no_copies(database: Database) -> None:
    """Nobody knows what they were."""
    job_id = add_verdicts(database, failed_verdict(0))
    add_verdicts(database, failed_verdict(0))
    assert places(database, job_id) == []
