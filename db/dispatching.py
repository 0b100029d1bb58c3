"""Which shards are in the broker: a window of each job, and jobs of one priority take turns.

Every queued shard has a turn, and workers claim the one with the lowest rank (its job's
priority), then the lowest turn. A job's shards have consecutive turns, and a job that comes
later starts at the lowest turn that still waits: so jobs of one rank go round robin, however many
shards each has. (Start-time fair queueing: P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996.)
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Update,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session, aliased

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

    Returns how many were queued; the caller rings the broker for each after its commit. The job's
    row is locked from then on: no other transaction fills the same room, or stops the job
    meanwhile.
    """
    session.execute(_locked(), {"job_id": job_id})
    return fill(session, job_id, window=window)


def fill(session: Session, job_id: int, *, window: int) -> int:
    """Do what `dispatch` does, in a transaction that has locked the job's row already."""
    row = session.execute(_standing(), {"job_id": job_id}).first()
    if row is None or row.in_broker >= window:
        return 0
    given = {"job_id": job_id, "room": window - row.in_broker}
    shard_ids = session.scalars(_waiting(), given).all()
    if shard_ids:
        now = row.first_queued if row.first_queued is not None else row.last_in_hand
        own = -1 if row.last_turn is None else row.last_turn
        _queue(session, shard_ids, first_turn=max(own + 1, now or 0))
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


def active_jobs(session: Session) -> Sequence[Row[int, JobKind]]:
    """Return the id and kind of the jobs that still have shards to dispatch or to settle."""
    states = (*jobs.ACTIVE, jobs.STOPPING)
    query = select(Job.id, Job.kind).where(Job.state.in_(states)).order_by(Job.id)
    return session.execute(query).all()


@cache
def _waiting() -> Select[int]:
    return (
        select(Shard.id)
        .where(Shard.job_id == bindparam("job_id"), Shard.state == ShardState.PLANNED)
        .where(or_(Shard.not_before.is_(None), Shard.not_before <= database_time()))
        .order_by(Shard.first_position)
        .limit(bindparam("room", type_=Integer))
        .with_for_update(skip_locked=True)
    )


@cache
def _locked() -> Select[int]:
    # A statement of its own: what the next one counts must be what is there once it has the lock.
    return select(Job.id).where(Job.id == bindparam("job_id")).with_for_update(key_share=True)


@cache
def _standing() -> Select[int, int | None, int | None, int | None]:
    """Select where an active job stands: its shards in the broker, and the turns of its rank."""
    of_job = aliased(Shard)
    of_rank = aliased(Shard)
    turns = select(of_rank.turn).where(of_rank.rank == _rank()).limit(1)
    in_broker = (
        select(func.count().label("count"), func.max(of_job.turn).label("turn"))
        .where(of_job.job_id == bindparam("job_id"), of_job.state.in_(IN_BROKER))
        .subquery()
    )
    queued = turns.where(of_rank.state == ShardState.QUEUED).order_by(of_rank.turn)
    in_hand = turns.where(of_rank.state == ShardState.LEASED).order_by(of_rank.turn.desc())
    return (
        select(
            in_broker.c.count.label("in_broker"),
            in_broker.c.turn.label("last_turn"),
            queued.correlate(Job).scalar_subquery().label("first_queued"),
            in_hand.correlate(Job).scalar_subquery().label("last_in_hand"),
        )
        .select_from(Job)
        .join(in_broker, true())
        .where(Job.id == bindparam("job_id"), Job.state.in_(jobs.ACTIVE))
    )


def _rank() -> ColumnElement[int]:
    """Return `rank_of` a job as SQL."""
    ranks = {priority: priority.rank for priority in Priority}
    single = Job.kind == JobKind.SINGLE
    return case((single, INTERACTIVE_RANK), else_=case(ranks, value=Job.priority))


def _queue(session: Session, shard_ids: Sequence[int], *, first_turn: int) -> None:
    turns = [{"next_id": id_, "next_turn": turn} for turn, id_ in enumerate(shard_ids, first_turn)]
    session.connection().execute(_queueing(), turns)


@cache
def _queueing() -> Update[Any]:
    return (
        update(Shard)
        .where(Shard.id == bindparam("next_id"))
        .values(
            state=ShardState.QUEUED,
            turn=bindparam("next_turn"),
            queued_at=database_time(),
        )
    )
