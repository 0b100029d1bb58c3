"""Idempotency keys: which requests clients have sent before, and the jobs that came of them."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.clock import database_time
from db.inserting import insert_into
from db.models import IdempotencyKey, Job

LIFE_S = 24 * 3600.0
NO_API_KEY = 0


@dataclass(frozen=True)
class KeyedRequest:
    """A request under the key that its client gave; `fingerprint` is the request's SHA-256."""

    key: str
    fingerprint: bytes
    api_key_id: int | None


@dataclass(frozen=True)
class EarlierRequest:
    """A request that was sent under the key before, and the public id of its job."""

    fingerprint: bytes
    job_public_id: str


def find(session: Session, request: KeyedRequest) -> EarlierRequest | None:
    """Return the request that came before under the same key, if it is not a day old."""
    query = (
        select(IdempotencyKey.fingerprint, Job.public_id)
        .join(Job, Job.id == IdempotencyKey.job_id)
        .where(
            IdempotencyKey.api_key_id == (request.api_key_id or NO_API_KEY),
            IdempotencyKey.key == request.key,
            IdempotencyKey.created_at >= database_time(-LIFE_S),
        )
    )
    row = session.execute(query).first()
    return None if row is None else EarlierRequest(row.fingerprint, row.public_id)


def claim(session: Session, request: KeyedRequest, *, job_id: int) -> bool:
    """Give the key to the job made in this transaction; return whether it was free.

    Waits for another transaction that is giving the key away: of any number at the same time,
    one gets it. A key that is more than a day old is free again.
    """
    query = insert_into(session, IdempotencyKey).values(
        api_key_id=request.api_key_id or NO_API_KEY,
        key=request.key,
        fingerprint=request.fingerprint,
        job_id=job_id,
    )
    taken = query.on_conflict_do_update(
        index_elements=[IdempotencyKey.api_key_id, IdempotencyKey.key],
        set_={
            "fingerprint": query.excluded.fingerprint,
            "job_id": query.excluded.job_id,
            "created_at": query.excluded.created_at,
        },
        where=IdempotencyKey.created_at < database_time(-LIFE_S),
    )
    return session.execute(taken.returning(IdempotencyKey.job_id)).first() is not None


def purge(session: Session, *, older_than_s: float = LIFE_S) -> int:
    """Delete the keys that are older; return how many there were."""
    query = delete(IdempotencyKey).where(IdempotencyKey.created_at < database_time(-older_than_s))
    return len(session.execute(query.returning(IdempotencyKey.key)).all())
