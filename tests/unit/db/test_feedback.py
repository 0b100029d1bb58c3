"""Feedback in the database: one word for each verdict, on either kind of database."""

from core.terms import Label
from db import deletion, feedback
from db.models import Feedback, Job, Verdict
from db.session import Database
from db.verdicts import add
from tests.support.rows import add_api_key, add_planned_job, verdict_of


def add_scored(database: Database, *, items: int) -> int:
    """Insert a job whose items are scored; return its id."""
    job_id = add_planned_job(database, items=items)
    with database.write() as session:
        found = [verdict_of(position, bytes([position]) * 32) for position in range(items)]
        add(session, job_id, session.get_one(Job, job_id).model_version_id, found)
    return job_id


def say(database: Database, job_id: int, position: int, truth: Label, **more: object) -> None:
    """Say what the image of a verdict is."""
    with database.write() as session:
        verdict = session.get_one(Verdict, (job_id, position))
        feedback.give(session, verdict, truth=truth, **more)  # pyright: ignore[reportArgumentType]


def test_the_last_word_is_kept(database: Database) -> None:
    """With who said it, and a new time."""
    job_id, key_id = add_scored(database, items=1), add_api_key(database)
    say(database, job_id, 0, Label.FAKE, note="First.")
    with database.read() as session:
        first = feedback.find(session, job_id, 0)
    say(database, job_id, 0, Label.REAL, api_key_id=key_id)
    with database.read() as session:
        last = feedback.find(session, job_id, 0)
    assert first is not None
    assert last is not None
    assert (last.truth, last.note, last.api_key_id) == (Label.REAL, None, key_id)
    assert last.given_at >= first.given_at


def test_words_come_in_order_with_their_verdicts(database: Database) -> None:
    """Those of one job, behind a position."""
    jobs = [add_scored(database, items=3) for _ in range(2)]
    for job_id in jobs:
        for position in (2, 0, 1):
            say(database, job_id, position, Label.FAKE)
    with database.read() as session:
        found = feedback.page(session, jobs[1], limit=5, after_position=0)
    assert [(said.job_id, said.position, verdict.position) for said, verdict in found] == [
        (jobs[1], 1, 1),
        (jobs[1], 2, 2),
    ]


def test_words_go_with_the_row_of_their_job(database: Database) -> None:
    """When it is purged."""
    job_id = add_scored(database, items=1)
    say(database, job_id, 0, Label.FAKE)
    with database.write() as session:
        deletion.purge_verdicts(session, job_id, limit=9)
        deletion.purge_shards(session, job_id, limit=9)
        session.get_one(Job, job_id).deleted_at = session.get_one(Job, job_id).created_at
        session.flush()
        deletion.purge_row(session, job_id)
    with database.read() as session:
        assert session.query(Feedback).count() == 0
