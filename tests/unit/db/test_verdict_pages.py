"""Pages of a job's verdicts, chosen by what is known of them, on both databases."""

import pytest

from core.terms import ItemCode, Label, Outcome
from db import verdicts
from db.session import Database
from db.verdicts import NewVerdict
from tests.support.rows import add_champion, add_job

FAILED, SCORED = Outcome.FAILED, Outcome.SCORED
LOST, BROKEN = ItemCode.FETCH_FAILED, ItemCode.UNDECODABLE
SCORES = [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.fixture
def job_id(database: Database) -> int:
    """A job of five scored images between seven that failed; another job has the same."""
    version = add_champion(database)
    failed = [
        NewVerdict(at, f"{at}.jpg", FAILED, code=LOST if at % 3 else BROKEN) for at in range(7)
    ]
    scored = [
        NewVerdict(
            at, f"{at}.jpg", SCORED, label=Label.FAKE if score > 0.5 else Label.REAL, score=score
        )
        for at, score in enumerate(SCORES, 7)
    ]
    found = [add_job(database, model_version_id=version) for _ in range(2)]
    with database.write() as session:
        for job_id in found:
            verdicts.add(session, job_id, version, [*failed, *scored])
    return found[0]


def positions(database: Database, job_id: int, *, limit: int = 100, **chosen: object) -> list[int]:
    """Return the positions on all pages, one after the other."""
    seen: list[int] = []
    with database.read() as session:
        while page := verdicts.page(
            session,
            job_id,
            limit=limit,
            after_position=seen[-1] if seen else -1,
            **chosen,  # pyright: ignore[reportArgumentType] - filters, each of its own type
        ):
            assert len(page) <= limit
            assert {verdict.job_id for verdict in page} == {job_id}
            seen += [verdict.position for verdict in page]
    return seen


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"code": LOST}, [1, 2, 4, 5]),
        ({"code": BROKEN, "outcome": FAILED}, [0, 3, 6]),
        ({"code": BROKEN, "outcome": SCORED}, []),
        ({"code": ItemCode.POISON}, []),
        ({"min_score": 0.5}, [9, 10, 11]),
        ({"max_score": 0.25}, [7, 8]),
        ({"min_score": 0.25, "max_score": 0.75}, [8, 9, 10]),
        ({"min_score": 0.0, "max_score": 0.0}, [7]),
        ({"min_score": 0.3, "max_score": 0.4}, []),
        ({"min_score": 0.25, "label": Label.FAKE}, [10, 11]),
        ({"min_score": 0.0, "outcome": FAILED}, []),
    ],
)
def test_pages_follow_each_other(
    database: Database, job_id: int, chosen: dict[str, object], found: list[int], limit: int
) -> None:
    """In submission order, whatever is chosen; bounds of the score are included."""
    assert positions(database, job_id, limit=limit, **chosen) == found
