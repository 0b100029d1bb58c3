"""Verdicts: added once, counted, read in submission order, found again by their bytes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from core.terms import ItemCode, Label, Outcome
from db import jobs, pace
from db.jobs import Standing
from db.models import Job, Verdict


@dataclass(frozen=True)
class NewVerdict:
    """How an item ended, before it is stored; the fields are the columns of `Verdict`."""

    position: int
    name: str
    outcome: Outcome
    custom_id: str | None = None
    label: Label | None = None
    score: float | None = None
    code: ItemCode | None = None
    message: str | None = None
    faces: list[dict[str, Any]] | None = None
    sha256: bytes | None = None
    width: int | None = None
    height: int | None = None
    reused: bool = False


def add(session: Session, job_id: int, model_version_id: int, found: Sequence[NewVerdict]) -> None:
    """Insert the verdicts; a position that has one already keeps it."""
    if not found:
        return
    rows = [
        {"job_id": job_id, "model_version_id": model_version_id, **vars(verdict)}
        for verdict in found
    ]
    dialect = session.get_bind().dialect.name
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    session.execute(insert(Verdict).on_conflict_do_nothing(), rows)


def record(
    session: Session,
    job_id: int,
    model_version_id: int,
    found: Sequence[NewVerdict],
    *,
    shards: int,
) -> Standing:
    """Add the verdicts, and count them and the ended shards in their job.

    Returns how the job stands now; its row is locked from then on.
    """
    add(session, job_id, model_version_id, found)
    added = {getattr(Job, name): getattr(Job, name) + n for name, n in count(found).items() if n}
    row = session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values({**added, **pace.added(len(found)), Job.landed: Job.landed + shards})
        .returning(*jobs.STANDING)
        .execution_options(synchronize_session=False)
    ).one()
    return Standing(*row)


def count(found: Sequence[NewVerdict]) -> Counter[str]:
    """Return what the verdicts add to each of the job's counters."""
    counts = Counter(str(verdict.outcome) for verdict in found)
    counts.update(str(verdict.label) for verdict in found if verdict.label is not None)
    counts["reused"] = sum(verdict.reused for verdict in found)
    return counts


def page(
    session: Session,
    job_id: int,
    *,
    limit: int,
    after_position: int = -1,
    label: Label | None = None,
    outcome: Outcome | None = None,
) -> Sequence[Verdict]:
    """Return up to `limit` verdicts after the position, in submission order."""
    conditions: list[ColumnElement[bool]] = [
        Verdict.job_id == job_id,
        Verdict.position > after_position,
    ]
    if label is not None:
        conditions.append(Verdict.label == label)
    if outcome is not None:
        conditions.append(Verdict.outcome == outcome)
    query = select(Verdict).where(*conditions).order_by(Verdict.position).limit(limit)
    return session.scalars(query).all()


def find_scored(
    session: Session,
    hashes: Sequence[bytes],
    model_version_id: int,
    *,
    job_id: int | None = None,
) -> dict[bytes, Verdict]:
    """Return, by SHA-256, one earlier scored verdict of the same bytes and model version.

    The preprocessing is part of the model version, so it is the same too. With `job_id`, only
    that job's verdicts count.
    """
    query = select(Verdict).where(
        Verdict.sha256.in_(hashes),
        Verdict.model_version_id == model_version_id,
        Verdict.outcome == Outcome.SCORED,
    )
    if job_id is not None:
        query = query.where(Verdict.job_id == job_id)
    return {verdict.sha256: verdict for verdict in session.scalars(query) if verdict.sha256}
