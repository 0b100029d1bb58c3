"""Copies: the same bytes, found again among the verdicts of other items."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    TextClause,
    bindparam,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from db.models import Job, Verdict
from db.models.verdicts import SCORED_BY_FACES, SCORED_WHOLE

LOOKED_AT = 500  # of the bytes' verdicts, however many there are


def find(
    session: Session, verdict: Verdict, *, visible_to: int | None, limit: int
) -> Sequence[tuple[Job, Verdict]]:
    """Return up to `limit` scored verdicts of the same bytes, those of the newest jobs first.

    Only of jobs that the key sees; None sees those of all. Of bytes that were scored more often
    than a few hundred times, some are looked at.
    """
    if verdict.sha256 is None:
        return []
    query = _copies(visible_to is not None)
    given = {
        "sha256": verdict.sha256,
        "job_id": verdict.job_id,
        "position": verdict.position,
        "visible_to": visible_to,
        "most": limit,
    }
    return [(job, copy) for job, copy in session.execute(query, given).all()]


@cache
def _copies(some_only: bool) -> Select[Job, Verdict]:
    places = union_all(_places(SCORED_WHOLE), _places(SCORED_BY_FACES)).subquery()
    copy = aliased(Verdict)
    conditions: list[ColumnElement[bool]] = [Job.deleted_at.is_(None)]
    if some_only:
        conditions.append(Job.api_key_id == bindparam("visible_to"))
    return (
        select(Job, copy)
        .join(places, places.c.job_id == Job.id)
        .join(copy, (copy.job_id == places.c.job_id) & (copy.position == places.c.position))
        .where(*conditions)
        .where(or_(Job.id != bindparam("job_id"), copy.position != bindparam("position")))
        .order_by(Job.id.desc(), copy.position)
        .limit(bindparam("most", type_=Integer))
    )


def _places(scored: TextClause) -> Select[int, int]:
    """Select where the bytes were scored, by the index of one way of scoring."""
    found = (
        select(Verdict.job_id, Verdict.position)
        .where(Verdict.sha256 == bindparam("sha256"), scored)
        .order_by(Verdict.model_version_id.desc(), Verdict.job_id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    return select(found.c.job_id, found.c.position)
