"""Verdicts: added once, counted, read in submission order, found again by their bytes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.terms import ItemCode, Label, Outcome
from db import jobs, pace
from db.jobs import Standing
from db.models import Job, Verdict
from db.models.verdicts import SCORED_BY_FACES, SCORED_WHOLE

COUNTED = (*Outcome, *Label, "reused")
ROWS_A_HASH = 2


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
) -> Standing:
    """Add the verdicts of a shard that ends by it, and count them and the shard in their job.

    Returns how the job stands now; its row is locked from then on.
    """
    add(session, job_id, model_version_id, found)
    counts = count(found)
    added = {f"added_{name}": counts[name] for name in COUNTED}
    row = session.execute(_counting(), {"counted_id": job_id, "ended": len(found), **added}).one()
    return Standing(*row)


@cache
def _counting() -> ReturningUpdate[*tuple[Any, ...]]:
    """Return the statement that counts a shard's verdicts, built once: it runs for each shard."""
    added = {
        getattr(Job, name): getattr(Job, name) + bindparam(f"added_{name}", type_=Integer)
        for name in COUNTED
    }
    pace_added = pace.added(bindparam("ended", type_=Integer))
    return (
        update(Job)
        .where(Job.id == bindparam("counted_id"))
        .values({**added, **pace_added, Job.landed: Job.landed + 1})
        .returning(*jobs.STANDING)
        .execution_options(synchronize_session=False)
    )


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
    by_faces: bool,
    job_id: int | None = None,
) -> dict[bytes, Verdict]:
    """Return, by SHA-256, one earlier scored verdict of the same bytes and model version.

    The preprocessing is part of the model version, so it is the same too; only whether the image
    was scored `by_faces` or as a whole is the job's. With `job_id`, only that job's verdicts
    count. However often the bytes were scanned, few rows are read.
    """
    scored = partial(_same_bytes, session, model_version_id, job_id, by_faces)
    unique = list(dict.fromkeys(hashes))
    most = ROWS_A_HASH * len(unique)
    rows = scored(unique, most=most)
    found = {verdict.sha256: verdict for verdict in rows if verdict.sha256}
    if len(rows) == most:  # some have more copies than were read, which may have hidden others
        for sha256 in unique:
            if sha256 not in found:
                for verdict in scored([sha256], most=1):
                    found[sha256] = verdict
    return found


def _same_bytes(
    session: Session,
    model_version_id: int,
    job_id: int | None,
    by_faces: bool,
    hashes: Sequence[bytes],
    *,
    most: int,
) -> Sequence[Verdict]:
    query = _scored(by_faces)
    if job_id is not None:
        of_job = Verdict.job_id == job_id
        # SQLite would read all of the job instead, unless it thinks that this leaves out little.
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        query = query.where(func.likely(of_job) if is_sqlite else of_job)
    given = {"hashes": hashes, "model_version_id": model_version_id, "most": most}
    return session.scalars(query, given).all()


@cache
def _scored(by_faces: bool) -> Select[Verdict]:
    query = select(Verdict).where(
        Verdict.sha256.in_(bindparam("hashes", expanding=True)),
        Verdict.model_version_id == bindparam("model_version_id"),
        SCORED_BY_FACES if by_faces else SCORED_WHOLE,  # word for word, or no index is used
    )
    return query.limit(bindparam("most", type_=Integer))
