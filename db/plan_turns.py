"""Whose turn it is to be planned: by priority, then the job whose last turn is longest ago."""

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from core.terms import Priority
from db import planning
from db.clock import database_time
from db.models import Job
from db.planning import PlanClaim

NEWCOMERS_WAIT_S = 5.0  # for threads of their own, before others give way to them


def claim_next(
    session: Session, *, lease_s: float, newcomers_only: bool = False, to_fetch: bool = False
) -> PlanClaim | None:
    """Take the job whose turn it is, or return None when none waits.

    Newcomers are jobs that have not had a turn; they go first. With `to_fetch`, only jobs count
    whose manifest has to be fetched, and without it only the others.
    """
    rank = case({priority: priority.rank for priority in Priority}, value=Job.priority)
    waiting = select(Job.id).where(planning.is_unplanned(), Job.to_fetch.is_(to_fetch))
    if newcomers_only:
        waiting = waiting.where(Job.plan_turn_ended_at.is_(None))
    next_id = (
        waiting.order_by(rank, Job.plan_turn_ended_at.nulls_first(), Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
    )
    return planning.claim_where(session, Job.id == next_id.scalar_subquery(), lease_s=lease_s)


def release(
    session: Session, claim: PlanClaim, *, delay_s: float = 0, is_fruitless: bool = False
) -> None:
    """Give the job back, to be planned again from where this planner stopped, after a while.

    Of a job that is not wanted any more, it says that nobody writes to its storage.
    """
    session.execute(
        update(Job)
        .where(Job.id == claim.job_id, Job.plan_token == claim.token)
        .values(
            plan_attempts=Job.plan_attempts - 1,
            plan_postponements=Job.plan_postponements + (1 if delay_s > 0 else 0),
            plan_not_before=database_time(delay_s) if delay_s > 0 else None,
            plan_turn_ended_at=database_time(),
            plan_fruitless_turns=Job.plan_fruitless_turns + (1 if is_fruitless else 0),
            plan_lease_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def note_fetched(session: Session, claim: PlanClaim) -> None:
    """Give the job back as a newcomer: its manifest has been fetched, and can be listed."""
    planning.update_claimed(
        session,
        claim,
        lease_s=None,
        to_fetch=False,
        plan_attempts=0,
        plan_postponements=0,
        plan_turn_ended_at=None,
    )


def is_held(session: Session, claim: PlanClaim) -> bool:
    """Return whether the job is still wanted, and no other planner has taken it."""
    return session.scalar(select(Job.id).where(*planning.held(claim))) is not None


def others_wait(session: Session, claim: PlanClaim) -> bool:
    """Return whether other jobs, of no lower priority, wait for a turn that is not a newcomer's."""
    priorities = [priority for priority in Priority if priority.rank <= claim.priority.rank]
    has_waited = or_(
        Job.plan_turn_ended_at.is_not(None), Job.queued_at < database_time(-NEWCOMERS_WAIT_S)
    )
    query = (
        select(Job.id)
        .where(planning.is_unplanned(), Job.to_fetch.is_(False))
        .where(Job.priority.in_(priorities), has_waited)
        .limit(1)
    )
    return session.scalar(query) is not None


def count_unplanned(session: Session, *, older_than_s: float) -> int:
    """Return how many jobs wait to be planned by nobody: rung for in vain, or given up."""
    is_old = Job.queued_at < database_time(-older_than_s)
    query = select(func.count()).select_from(Job).where(planning.is_unplanned(), is_old)
    return session.scalar(query) or 0
