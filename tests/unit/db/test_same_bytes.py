"""Earlier verdicts of the same bytes are found again, at a cost that does not grow with copies."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from db import scored, verdicts
from db.session import Database
from tests.support.rows import add_champion, add_job, failed_verdict, verdict_of

COPIES = 500
COMMON, RARE, NEW = (bytes([i]) * 32 for i in range(3))
FACES: list[dict[str, Any]] = [{"box": [1, 2, 3, 4], "score": 0.25, "detection": 0.9}]


def test_few_rows_are_read_of_many_copies(database: Database) -> None:
    """A picture that was scanned a thousand times costs no more, and hides no other."""
    version = add_champion(database)
    _add(database, version, [COMMON] * COPIES + [RARE])
    read: list[object] = []
    with database.read() as session:
        event.listen(session, "loaded_as_persistent", lambda _, row: read.append(row))
        found = scored.find(session, [COMMON, RARE, NEW], version, by_faces=False)
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
        hashes = [COMMON, RARE, NEW]
        found = scored.find(session, hashes, version, by_faces=False, job_id=own)
        assert {verdict.job_id for verdict in found.values()} == {own}
        assert set(found) == {COMMON, RARE}
        found = scored.find(session, hashes, version, by_faces=False, job_id=other)
        assert set(found) == {COMMON}


def test_what_has_no_score_or_another_model_is_not_found(database: Database) -> None:
    """Failures are tried again, and another version scores anew."""
    version, other = add_champion(database), add_champion(database, "other-1")
    _add(database, other, [RARE])
    job_id = add_job(database, model_version_id=version)
    with database.write() as session:
        verdicts.add(session, job_id, version, [replace(failed_verdict(0), sha256=COMMON)])
    with database.read() as session:
        assert scored.find(session, [COMMON, RARE], version, by_faces=False) == {}


def test_whole_images_and_faces_are_told_apart(database: Database) -> None:
    """Many verdicts of the one kind hide none of the other, and none is taken for it."""
    version = add_champion(database)
    _add(database, version, [COMMON] * COPIES + [RARE])
    _add(database, version, [COMMON], faces=FACES)
    with database.read() as session:
        whole, by_faces = (
            scored.find(session, [COMMON, RARE], version, by_faces=by_faces)
            for by_faces in (False, True)
        )
    assert (set(whole), set(by_faces)) == ({COMMON, RARE}, {COMMON})
    assert (whole[COMMON].faces, by_faces[COMMON].faces) == (None, FACES)


@pytest.mark.parametrize("by_faces", [False, True])
@pytest.mark.parametrize("job_id", [None, 1])
def test_look_ups_by_bytes_use_their_index(
    database: Database, by_faces: bool, job_id: int | None
) -> None:
    """A look-up names what the index leaves out in the index's own words."""
    asked: list[tuple[str, Any]] = []

    def note(
        _connection: object,
        _cursor: object,
        statement: str,
        given: Any,  # noqa: ANN401 - as the driver takes it
        *_: object,
    ) -> None:
        asked.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        scored.find(session, [COMMON, RARE], 1, by_faces=by_faces, job_id=job_id)
    event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{explain} {asked[-1][0]}", asked[-1][1]).all())
    assert ("ix_verdicts_scored_by_faces" if by_faces else "ix_verdicts_scored_whole") in plan
    assert ("job_id=" in plan.replace(" ", "")) == (job_id is not None)


def _add(
    database: Database,
    version: int,
    hashes: list[bytes],
    *,
    faces: list[dict[str, Any]] | None = None,
) -> int:
    job_id = add_job(database, model_version_id=version)
    with database.write() as session:
        found = [verdict_of(i, sha256, faces=faces) for i, sha256 in enumerate(hashes)]
        verdicts.add(session, job_id, version, found)
    return job_id
