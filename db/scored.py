"""Verdicts found again by the bytes of their images, so that these need not be scored anew."""

from collections.abc import Sequence
from functools import cache, partial

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Session

from db.models import Verdict
from db.models.verdicts import SCORED_BY_FACES, SCORED_WHOLE

ROWS_A_HASH = 2


def find(
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
    is_postgres = session.get_bind().dialect.name == "postgresql"
    query = _scored(by_faces, is_postgres=is_postgres)
    if job_id is not None:
        of_job = Verdict.job_id == job_id
        # SQLite would read all of the job instead, unless it thinks that this leaves out little.
        query = query.where(of_job if is_postgres else func.likely(of_job))
    written = ",".join([sha256.hex() for sha256 in hashes]) if is_postgres else hashes
    given = {"hashes": written, "model_version_id": model_version_id, "most": most}
    return session.scalars(query, given).all()


@cache
def _scored(by_faces: bool, *, is_postgres: bool) -> Select[Verdict]:
    query = select(Verdict).where(
        _is_any(is_postgres),
        Verdict.model_version_id == bindparam("model_version_id"),
        SCORED_BY_FACES if by_faces else SCORED_WHOLE,  # word for word, or no index is used
    )
    return query.limit(bindparam("most", type_=Integer))


def _is_any(is_postgres: bool) -> ColumnElement[bool]:
    """Return the condition that the bytes are among the `hashes`: on Postgres, one text of them.

    Hundreds of parameters, or an array of them, by the dozen a second, cost more to write down
    than to find.
    """
    if is_postgres:
        each = func.unnest(func.string_to_array(bindparam("hashes", type_=Text), ","))
        return Verdict.sha256 == any_(
            func.array(select(func.decode(each, "hex")).scalar_subquery())
        )
    return Verdict.sha256.in_(bindparam("hashes", expanding=True))
