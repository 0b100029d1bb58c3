"""Earlier verdicts of the same bytes are found again, at a cost that does not grow with copies."""

from dataclasses import replace

from sqlalchemy import event

from db import verdicts
from db.session import Database
from tests.support.rows import add_champion, add_job, failed_verdict, verdict_of

COPIES = 500
COMMON, RARE, NEW = (bytes([i]) * 32 for i in range(3))


def test_few_rows_are_read_of_many_copies(database: Database) -> None:
    """A picture that was scanned a thousand times costs no more, and hides no other."""
    version = add_champion(database)
    _add(database, version, [COMMON] * COPIES + [RARE])
    read: list[object] = []
    with database.read() as session:
        event.listen(session, "loaded_as_persistent", lambda _, row: read.append(row))
        found = verdicts.find_scored(session, [COMMON, RARE, NEW], version)
    assert {sha256: verdict.sha256 for sha256, verdict in found.items()} == {
        COMMON: COMMON,
        RARE: RARE,
    }
    assert len(read) < COPIES / 10


def test_of_one_job_among_many(database: Database) -> None:
    """With a job, only its own verdicts count, whoever else has the bytes."""
    version = add_champion(database)
    other = _add(database, version, [COMMON] * COPIES)
    own = _add(database, version, [RARE, COMMON])
    with database.read() as session:
        found = verdicts.find_scored(session, [COMMON, RARE, NEW], version, job_id=own)
        assert {verdict.job_id for verdict in found.values()} == {own}
        assert set(found) == {COMMON, RARE}
        found = verdicts.find_scored(session, [COMMON, RARE], version, job_id=other)
        assert set(found) == {COMMON}


def test_what_has_no_score_or_another_model_is_not_found(database: Database) -> None:
    """Failures are tried again, and another version scores anew."""
    version, other = add_champion(database), add_champion(database, "other-1")
    _add(database, other, [RARE])
    job_id = add_job(database, model_version_id=version)
    with database.write() as session:
        verdicts.add(session, job_id, version, [replace(failed_verdict(0), sha256=COMMON)])
    with database.read() as session:
        assert verdicts.find_scored(session, [COMMON, RARE], version) == {}


def _add(database: Database, version: int, hashes: list[bytes]) -> int:
    job_id = add_job(database, model_version_id=version)
    with database.write() as session:
        found = [verdict_of(i, sha256) for i, sha256 in enumerate(hashes)]
        verdicts.add(session, job_id, version, found)
    return job_id
