"""Which shards are in the broker: a window of each job, and jobs of one priority take turns.

Every queued shard has a turn, and workers claim the one with the lowest rank (its job's
priority), then the lowest turn. A job's shards have consecutive turns, and a job that comes
later starts at the lowest turn that still waits: so jobs of one rank go round robin, however many
shards each has. (Start-time fair queueing: P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996.)
"""

from collections.abc import Sequence

from sqlalchemy import Select, case, func, or_, select, update
from sqlalchemy.orm import Session

from core.terms import JobKind, Priority, ShardState
from db import jobs
from db.clock import database_time
from db.models import Job, Shard

IN_BROKER = (ShardState.QUEUED, ShardState.LEASED)
INTERACTIVE_RANK = -1  # before every priority


def rank_of(kind: JobKind, priority: Priority) -> int:
    """Return the rank of such a job's shards: the lowest is claimed first."""
    return INTERACTIVE_RANK if kind == JobKind.SINGLE else priority.rank


def dispatch(session: Session, job_id: int, *, window: int) -> int:
    """Queue the job's next shards, so that at most `window` are queued or in hand.

    Returns how many were queued; the caller rings the broker for each after its commit.
    """
    query = select(Job.kind, Job.priority).where(Job.id == job_id, Job.state.in_(jobs.ACTIVE))
    job = session.execute(query).first()
    if job is None:
        return 0
    in_broker, last_turn = session.execute(
        select(func.count(), func.max(Shard.turn)).where(
            Shard.job_id == job_id, Shard.state.in_(IN_BROKER)
        )
    ).one()
    room = window - in_broker
    if room <= 0:
        return 0
    shard_ids = session.scalars(_waiting(job_id).limit(room)).all()
    if shard_ids:
        _queue(
            session,
            shard_ids,
            first_turn=_next_turn(session, rank_of(job.kind, job.priority), last_turn),
        )
    return len(shard_ids)


def missing_bells(session: Session, *, interactive: bool, waiting: int, older_than_s: float) -> int:
    """Return how many queued shards have no message any more.

    `waiting` messages are in the broker. A shard that was queued a moment ago is not counted: its
    message may be on its way to a worker.
    """
    is_interactive = Shard.rank == INTERACTIVE_RANK
    query = (
        select(func.count())
        .where(Shard.state == ShardState.QUEUED)
        .where(is_interactive if interactive else ~is_interactive)
        .where(Shard.queued_at < database_time(-older_than_s))
    )
    return max(0, (session.scalar(query) or 0) - waiting)


def active_jobs(session: Session) -> Sequence[int]:
    """Return the jobs that still have shards to dispatch or to settle."""
    states = (*jobs.ACTIVE, jobs.STOPPING)
    return session.scalars(select(Job.id).where(Job.state.in_(states)).order_by(Job.id)).all()


def _waiting(job_id: int) -> Select[int]:
    return (
        select(Shard.id)
        .where(Shard.job_id == job_id, Shard.state == ShardState.PLANNED)
        .where(or_(Shard.not_before.is_(None), Shard.not_before <= database_time()))
        .order_by(Shard.first_position)
        .with_for_update(skip_locked=True)
    )


def _next_turn(session: Session, rank: int, last_turn: int | None) -> int:
    """Return the turn after the job's own last, or where the others stand now."""
    of_rank = select(Shard.turn).where(Shard.rank == rank)
    first_queued = of_rank.where(Shard.state == ShardState.QUEUED).order_by(Shard.turn).limit(1)
    now = session.scalar(first_queued)
    if now is None:
        in_hand = of_rank.where(Shard.state == ShardState.LEASED).order_by(Shard.turn.desc())
        now = session.scalar(in_hand.limit(1))
    return max((-1 if last_turn is None else last_turn) + 1, now or 0)


def _queue(session: Session, shard_ids: Sequence[int], *, first_turn: int) -> None:
    turns = {shard_id: first_turn + offset for offset, shard_id in enumerate(shard_ids)}
    session.execute(
        update(Shard)
        .where(Shard.id.in_(shard_ids))
        .values(
            state=ShardState.QUEUED,
            turn=case(turns, value=Shard.id),
            queued_at=database_time(),
        )
        .execution_options(synchronize_session=False)
    )
