"""A job's verdicts counted by score and by code, on both databases."""

from core.terms import ItemCode, Label, Outcome
from db import summaries, verdicts
from db.models import Job
from db.session import Database
from db.verdicts import NewVerdict
from tests.support.rows import add_champion, add_job


def _scored(position: int, label: Label, score: float) -> NewVerdict:
    return NewVerdict(
        position=position,
        name="a",
        custom_id=None,
        outcome=Outcome.SCORED,
        label=label,
        score=score,
    )


def _ended(position: int, outcome: Outcome, code: ItemCode) -> NewVerdict:
    return NewVerdict(position=position, name="a", custom_id=None, outcome=outcome, code=code)


def test_scores_fall_into_equal_steps_and_codes_are_counted(database: Database) -> None:
    """The ends of the scale belong to the first and the last step; other jobs do not count."""
    version = add_champion(database)
    job_id, other = (add_job(database, model_version_id=version, path="/a") for _ in range(2))
    found = [
        _scored(0, Label.REAL, 0.0),
        _scored(1, Label.REAL, 0.049),
        _scored(2, Label.UNCERTAIN, 0.53),
        _scored(3, Label.FAKE, 1.0),
        _ended(4, Outcome.NOT_APPLICABLE, ItemCode.NO_FACE),
        _ended(5, Outcome.FAILED, ItemCode.TOO_LARGE),
        _ended(6, Outcome.FAILED, ItemCode.UNDECODABLE),
        _ended(7, Outcome.FAILED, ItemCode.UNDECODABLE),
    ]
    with database.write() as session:
        verdicts.add(session, job_id, version, found)
        verdicts.add(session, other, version, found[:1])
    with database.read() as session:
        assert session.get(Job, job_id) is not None
        counted = summaries.of_job(session, job_id)
    assert counted.scores[Label.REAL] == [2] + [0] * 19
    assert counted.scores[Label.UNCERTAIN] == [0] * 10 + [1] + [0] * 9
    assert counted.scores[Label.FAKE] == [0] * 19 + [1]
    assert counted.codes[Outcome.NOT_APPLICABLE] == {ItemCode.NO_FACE: 1}
    failed = counted.codes[Outcome.FAILED]
    assert list(failed.items()) == [(ItemCode.UNDECODABLE, 2), (ItemCode.TOO_LARGE, 1)]
