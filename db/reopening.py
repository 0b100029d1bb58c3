"""Another try for a job: its failed items planned anew, then its listing taken up again.

The verdicts of the items are given up in the same transaction that plans them, a batch at a
time, so that every item has either a verdict or a shard, whenever a planner dies.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.errors import ConflictError
from core.sources import must_be_fetched
from core.terms import ItemCode, JobState, Outcome, ShardState, SourceType
from db import dispatching, items, jobs, planning
from db.clock import database_time
from db.models import Job, Shard, Verdict
from db.planning import PlanClaim

RETRIED_STATES = (JobState.COMPLETED, JobState.FAILED)
UPLOADED = (SourceType.FILES, SourceType.ARCHIVE)  # their bytes lie in our storage


def reopen(session: Session, job: Job, *, codes: Collection[ItemCode] = ()) -> int:
    """Let the job scan its failed items again, and what it left when it failed.

    With `codes`, of the failed items only those that have one of them. Returns how many failed
    items are tried again. Raises ConflictError when the job is open, was cancelled, has nothing to
    try again, or when its images were uploaded and have been deleted since.
    """
    session.refresh(job, with_for_update={"of": Job})
    if job.state not in RETRIED_STATES:
        raise ConflictError(
            f"The job is {job.state}; only one that is completed or failed can be retried."
        )
    unfinished = not job.is_source_listed or job.ended < job.total
    if not job.failed and not unfinished:
        raise ConflictError("Every item of the job has been scanned; there is nothing to retry.")
    if job.uploads_deleted_at is not None and job.source["type"] in UPLOADED:
        raise ConflictError(
            "The images of the job have been deleted for their age; upload them in a new job."
        )
    retried = _choose(session, job, codes) if codes else job.failed
    if retried:
        job.round += 1
        job.retried_to = -1
        job.retried_codes = sorted(codes) or None
    if job.uploads_deleted_at is not None and not job.is_source_listed:
        job.to_fetch = must_be_fetched(job.source)
    job.state = JobState.QUEUED
    job.queued_at = database_time()
    job.stopping_as = job.error = job.listed_at = job.expires_at = None
    job.completed_at = job.failed_at = job.cancelling_at = job.ended_at = None
    job.plan_attempts = job.plan_postponements = job.plan_fruitless_turns = 0
    job.plan_lease_expires_at = job.plan_not_before = job.plan_turn_ended_at = None
    job.plan_token += 1  # a planner that has not heard of the end is not the new one
    session.flush()
    return retried


def _choose(session: Session, job: Job, codes: Collection[ItemCode]) -> int:
    """Return how many failed items have one of the codes; raises ConflictError."""
    query = select(func.count()).select_from(Verdict).where(*_failed(job.id, codes))
    chosen = session.scalar(query) or 0
    if not chosen:
        named = " or ".join(f"`{code}`" for code in sorted(codes))
        raise ConflictError(
            f"No failed item of the job has the code {named}; there is nothing to retry. "
            "The job's summary counts its codes."
        )
    left, ratio = job.failed - chosen, job.max_failure_ratio
    if ratio is not None and left > ratio * job.total:
        raise ConflictError(
            f"The {left:,} failed items that have other codes are more than the job's "
            f"max_failure_ratio of {ratio:g} allows, so it would end again at once. Retry all of "
            "its failed items."
        )
    return chosen


def plan_failed(
    session: Session, claim: PlanClaim, *, limit: int, shard_size: int, lease_s: float
) -> int:
    """Plan the next `limit` failed items that are retried anew; return how many there were.

    Once there are none, what fails later in this round is not tried again by it.
    """
    if not planning.update_claimed(session, claim, lease_s=lease_s):
        return 0
    retried_to = select(Job.retried_to).where(Job.id == claim.job_id).scalar_subquery()
    positions = session.scalars(
        select(Verdict.position)
        .where(*_failed(claim.job_id, claim.retried_codes or ()))
        .where(Verdict.position > retried_to)
        .order_by(Verdict.position)
        .limit(limit)
    ).all()
    if not positions:
        planning.update_claimed(session, claim, lease_s=lease_s, retried_to=jobs.ALL_RETRIED)
        return 0
    rows = items.rows_at(session, claim.job_id, positions)
    session.execute(
        insert(Shard),
        [_shard(claim, rows[i : i + shard_size]) for i in range(0, len(rows), shard_size)],
    )
    session.execute(
        delete(Verdict).where(Verdict.job_id == claim.job_id, Verdict.position.in_(positions))
    )
    session.execute(
        update(Job)
        .where(Job.id == claim.job_id)
        .values(failed=Job.failed - len(positions), retried_to=positions[-1], **planning.PROGRESS)
        .execution_options(synchronize_session=False)
    )
    planning.start(session, claim.job_id)
    return len(positions)


def _failed(job_id: int, codes: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that an item of the job has failed, with one of the codes if any."""
    conditions = [Verdict.job_id == job_id, Verdict.outcome == Outcome.FAILED]
    return [*conditions, Verdict.code.in_(codes)] if codes else conditions


def _shard(claim: PlanClaim, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "job_id": claim.job_id,
        "round": claim.round,
        "first_position": rows[0]["position"],
        "size": len(rows),
        "items": list(rows),
        "state": ShardState.PLANNED,
        "rank": dispatching.rank_of(claim.kind, claim.priority),
    }
