"""Which shards are queued: a window of each job, and jobs of one priority take turns.

Every queued shard has a turn, and workers claim the one with the lowest rank (its job's
priority), then the lowest turn. A job's shards have consecutive turns, and a job that comes
later starts at the lowest turn that still waits: so jobs of one rank go round robin, however many
shards each has. (Start-time fair queueing: P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996.)
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Update,
    and_,
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

TAKEN_UP = (ShardState.QUEUED, ShardState.LEASED)
INTERACTIVE_RANK = -1  # before every priority


class Queued(NamedTuple):
    """How many shards were queued, and how often to ring for them once that is committed.

    Each single scan has a bell. Of a bulk job, one is enough, and only if none of its shards was
    queued before: whoever is awake goes on by itself, and wakes the others one after the other.
    """

    shards: int = 0
    bells: int = 0


def rank_of(kind: JobKind, priority: Priority) -> int:
    """Return the rank of such a job's shards: the lowest is claimed first."""
    return INTERACTIVE_RANK if kind == JobKind.SINGLE else priority.rank


def dispatch(session: Session, job_id: int, *, window: int) -> Queued:
    """Queue the job's next shards, so that `window` wait to be claimed.

    The job's row is locked from then on: no other transaction fills the same room, or stops the
    job meanwhile.
    """
    session.execute(_locked(), {"job_id": job_id})
    return fill(session, job_id, window=window)


def fill(session: Session, job_id: int, *, window: int) -> Queued:
    """Do what `dispatch` does, in a transaction that has locked the job's row already."""
    row = session.execute(_standing(), {"job_id": job_id}).first()
    if row is None or row.queued >= window:
        return Queued()
    given = {"job_id": job_id, "room": window - row.queued}
    shard_ids = session.scalars(_waiting(), given).all()
    if not shard_ids:
        return Queued()
    now = row.first_queued if row.first_queued is not None else row.last_in_hand
    own = -1 if row.last_turn is None else row.last_turn
    _queue(session, shard_ids, first_turn=max(own + 1, now or 0))
    count = len(shard_ids)
    return Queued(count, count if row.rank == INTERACTIVE_RANK else int(row.queued == 0))


def count_queued(session: Session, *, interactive: bool, older_than_s: float) -> int:
    """Return how many shards have been queued for so long."""
    is_interactive = Shard.rank == INTERACTIVE_RANK
    query = (
        select(func.count())
        .where(Shard.state == ShardState.QUEUED)
        .where(is_interactive if interactive else ~is_interactive)
        .where(Shard.queued_at < database_time(-older_than_s))
    )
    return session.scalar(query) or 0


def left_alone(session: Session, *, window: int, limit: int = 1000) -> Sequence[Row[int, JobKind]]:
    """Return the id and kind of jobs that somebody should have ended, or have queued shards of."""
    of_job = select(func.count()).where(Shard.job_id == Job.id).correlate(Job)
    queued = of_job.where(Shard.state == ShardState.QUEUED).scalar_subquery()
    due = select(Shard.id).where(Shard.job_id == Job.id, *_is_due()).correlate(Job).exists()
    has_ended = Job.scored + Job.not_applicable + Job.failed >= Job.total
    query = (
        select(Job.id, Job.kind)
        .where(
            or_(
                Job.state == jobs.STOPPING,
                and_(Job.state.in_(jobs.ACTIVE), Job.listed_at.is_not(None), has_ended),
                and_(Job.state.in_(jobs.ACTIVE), due, queued < window),
            )
        )
        .order_by(Job.id)
        .limit(limit)
    )
    return session.execute(query).all()


@cache
def _waiting() -> Select[int]:
    return (
        select(Shard.id)
        .where(Shard.job_id == bindparam("job_id"), *_is_due())
        .order_by(Shard.first_position)
        .limit(bindparam("room", type_=Integer))
        .with_for_update(skip_locked=True)
    )


def _is_due() -> Sequence[ColumnElement[bool]]:
    """Return the conditions that a shard may be queued now."""
    is_time = or_(Shard.not_before.is_(None), Shard.not_before <= database_time())
    return Shard.state == ShardState.PLANNED, is_time


@cache
def _locked() -> Select[int]:
    # A statement of its own: what the next one counts must be what is there once it has the lock.
    return select(Job.id).where(Job.id == bindparam("job_id")).with_for_update(key_share=True)


@cache
def _standing() -> Select[int, int, int | None, int | None, int | None]:
    """Select where an active job stands: its queued shards, and the turns of its rank."""
    of_job = aliased(Shard)
    of_rank = aliased(Shard)
    turns = select(of_rank.turn).where(of_rank.rank == _rank()).limit(1)
    waiting = func.count().filter(of_job.state == ShardState.QUEUED)
    taken_up = (
        select(waiting.label("queued"), func.max(of_job.turn).label("turn"))
        .where(of_job.job_id == bindparam("job_id"), of_job.state.in_(TAKEN_UP))
        .subquery()
    )
    queued = turns.where(of_rank.state == ShardState.QUEUED).order_by(of_rank.turn)
    in_hand = turns.where(of_rank.state == ShardState.LEASED).order_by(of_rank.turn.desc())
    return (
        select(
            _rank().label("rank"),
            taken_up.c.queued,
            taken_up.c.turn.label("last_turn"),
            queued.correlate(Job).scalar_subquery().label("first_queued"),
            in_hand.correlate(Job).scalar_subquery().label("last_in_hand"),
        )
        .select_from(Job)
        .join(taken_up, true())
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
