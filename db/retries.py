"""What becomes of shards that failed or were lost: tried again, halved, ended as poison."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import ItemCode, JobKind, Outcome, ShardState
from db import jobs, verdicts
from db.clock import database_time
from db.models import Job, Shard
from db.verdicts import NewVerdict


def recover_expired(session: Session, *, max_attempts: int, limit: int = 1000) -> list[int]:
    """Take back the shards whose lease has run out, because their worker died or hangs."""
    query = (
        select(Shard)
        .where(Shard.state == ShardState.LEASED, Shard.lease_expires_at < database_time())
        .order_by(Shard.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    recovered = session.scalars(query).all()
    for shard in recovered:
        shard.last_error = "The worker that had the shard in hand died or stopped answering."
        retry(session, shard, max_attempts=max_attempts)
    return [shard.id for shard in recovered]


def retry(session: Session, shard: Shard, *, max_attempts: int) -> None:
    """Plan the shard anew. After `max_attempts` it is halved; a single item is poison then.

    Halves keep one attempt each, so the one bad image of a shard is found in few steps.
    """
    shard.lease_expires_at = None
    shard.state = ShardState.PLANNED
    if shard.attempts >= max_attempts and shard.size > 1:
        _halve(session, shard, attempts=max_attempts - 1)
    elif shard.attempts >= max_attempts:
        shard.state = ShardState.DONE
        _end_as_poison(session, shard)
    session.flush()


def _halve(session: Session, shard: Shard, *, attempts: int) -> None:
    middle = shard.size // 2
    first, second = shard.items[:middle], shard.items[middle:]
    session.add(
        Shard(
            job_id=shard.job_id,
            first_position=shard.first_position + middle,
            size=len(second),
            items=second,
            state=ShardState.PLANNED,
            attempts=attempts,
            last_error=shard.last_error,
        )
    )
    shard.items, shard.size, shard.attempts = first, len(first), attempts


def _end_as_poison(session: Session, shard: Shard) -> None:
    item = SourceItem.from_row(shard.items[0])
    poison = NewVerdict(
        position=shard.first_position,
        name=item.name,
        custom_id=item.custom_id,
        outcome=Outcome.FAILED,
        code=ItemCode.POISON,
        message=(
            f"Scanning this image failed {shard.attempts} times, so it was given up. "
            f"The last time: {shard.last_error}"
        ),
    )
    job = session.get_one(Job, shard.job_id)
    verdicts.record(session, shard.job_id, job.model_version_id, [poison])


def requeue_lost(
    session: Session, *, older_than_s: float, interactive: bool, limit: int = 1000
) -> list[int]:
    """Mark anew the shards that were queued so long ago that their message must be lost."""
    kind = JobKind.SINGLE if interactive else JobKind.BULK
    query = (
        select(Shard.id)
        .join(Job, Job.id == Shard.job_id)
        .where(Shard.state == ShardState.QUEUED, Shard.queued_at < database_time(-older_than_s))
        .where(Job.state.in_(jobs.ACTIVE), Job.kind == kind)
        .order_by(Shard.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Shard)
    )
    shard_ids = list(session.scalars(query))
    mark_queued(session, shard_ids)
    return shard_ids


def mark_queued(session: Session, shard_ids: Sequence[int]) -> None:
    """Mark the shards as queued now; their messages follow after the commit."""
    if shard_ids:
        session.execute(
            update(Shard)
            .where(Shard.id.in_(shard_ids))
            .values(state=ShardState.QUEUED, queued_at=database_time())
            .execution_options(synchronize_session=False)
        )
