"""What becomes of shards that failed or were lost: tried again, halved, ended as poison."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import ItemCode, Outcome, ShardState
from db import endings, verdicts
from db.clock import database_time
from db.models import Job, Shard
from db.verdicts import NewVerdict


def recover_expired(session: Session, *, max_attempts: int, limit: int = 1000) -> list[int]:
    """Take back the shards whose lease has run out, because their worker died or hangs.

    Job by job, as each job's row gets locked: in any other order, two sweeps could wait for each
    other.
    """
    query = (
        select(Shard)
        .where(Shard.state == ShardState.LEASED, Shard.lease_expires_at < database_time())
        .order_by(Shard.job_id, Shard.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    recovered = session.scalars(query).all()
    for shard in recovered:
        shard.last_error = "The worker that had the shard in hand died or stopped answering."
        retry(session, shard, max_attempts=max_attempts)
    return [shard.id for shard in recovered]


def retry(session: Session, shard: Shard, *, max_attempts: int) -> bool:
    """Plan the shard anew. After `max_attempts` it is halved; a single item is poison then.

    Halves have used up all but one of their attempts, so the one bad image of a shard is found in
    few steps; a single item has all of them before it, for the worker may have died of something
    else. Ends the job if nothing is left of it, and returns whether it has.
    """
    shard.lease_expires_at = None
    shard.state = ShardState.PLANNED
    if shard.attempts >= max_attempts and shard.size > 1:
        _halve(session, shard, max_attempts=max_attempts)
    elif shard.attempts >= max_attempts:
        return _end_as_poison(session, shard)
    session.flush()
    return endings.settle_job(session, shard.job_id)


def _halve(session: Session, shard: Shard, *, max_attempts: int) -> None:
    middle = shard.size // 2
    first, second = shard.items[:middle], shard.items[middle:]
    session.add(
        Shard(
            job_id=shard.job_id,
            round=shard.round,
            first_position=shard.positions[middle],
            size=len(second),
            items=second,
            state=ShardState.PLANNED,
            rank=shard.rank,
            attempts=_attempts_of_half(len(second), max_attempts),
            last_error=shard.last_error,
        )
    )
    shard.items, shard.size = first, len(first)
    shard.attempts = _attempts_of_half(len(first), max_attempts)


def _attempts_of_half(size: int, max_attempts: int) -> int:
    return max_attempts - 1 if size > 1 else min(1, max_attempts - 1)


def _end_as_poison(session: Session, shard: Shard) -> bool:
    item = SourceItem.from_row(shard.items[0])
    poison = NewVerdict(
        position=shard.positions[0],
        name=item.name,
        custom_id=item.custom_id,
        outcome=Outcome.FAILED,
        code=ItemCode.POISON,
        message=(
            f"Scanning this image failed {shard.attempts} times, so it was given up. "
            f"The last time: {shard.last_error}"
        ),
    )
    model_version_id = session.scalars(
        select(Job.model_version_id).where(Job.id == shard.job_id)
    ).one()
    standing = verdicts.record(session, shard.job_id, model_version_id, [poison])
    shard.state, shard.landing = ShardState.DONE, standing.landed
    session.flush()
    return endings.settle(session, standing)
