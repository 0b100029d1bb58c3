"""Whose turn it is to be planned."""

import pytest
from sqlalchemy import update

from core.terms import Priority
from db import endings, plan_turns, planning
from db.clock import database_time
from db.models import Job
from db.plan_turns import NEWCOMERS_WAIT_S
from db.planning import PlanClaim
from db.session import Database
from tests.support.rows import add_champion, add_job
from tests.support.scanning import plan_claim, reopen


def add(database: Database, priority: Priority = Priority.NORMAL) -> int:
    """Insert a queued job; return its id."""
    return add_job(database, model_version_id=add_champion(database), priority=priority)


def claim_next(database: Database, *, newcomers_only: bool = False) -> PlanClaim | None:
    """Take the job whose turn it is."""
    with database.write() as session:
        return plan_turns.claim_next(session, lease_s=60, newcomers_only=newcomers_only)


def release(database: Database, claim: PlanClaim, *, delay_s: float = 0) -> None:
    """Give a job back."""
    with database.write() as session:
        plan_turns.release(session, claim, delay_s=delay_s)


def others_wait(database: Database, claim: PlanClaim) -> bool:
    """Return whether others wait for the claim's turn to end."""
    with database.read() as session:
        return plan_turns.others_wait(session, claim)


def test_jobs_of_one_priority_take_turns(database: Database) -> None:
    """Newcomers first, the oldest of them; then who has waited for longest."""
    first, second = add(database), add(database)
    order = _turns(database, 2)
    third = add(database)
    order += _turns(database, 3)
    assert order == [first, second, third, first, second]


def _turns(database: Database, count: int) -> list[int]:
    """Take so many turns; return whose they were."""
    found = []
    for _ in range(count):
        claim = claim_next(database)
        assert claim is not None
        found.append(claim.job_id)
        release(database, claim)
    return found


def test_a_higher_priority_goes_first(database: Database) -> None:
    """Also a job that has had its turn, before newcomers of a lower priority."""
    add(database)
    high = add(database, Priority.HIGH)
    assert _turns(database, 2) == [high, high]


def test_newcomers_are_taken_alone(database: Database) -> None:
    """Threads for newcomers leave the others to wait; one that is tried again is new again."""
    job_id = add(database)
    release(database, plan_claim(database, job_id))
    assert claim_next(database, newcomers_only=True) is None
    newcomer = add(database)
    claim = claim_next(database, newcomers_only=True)
    assert claim is not None
    assert claim.job_id == newcomer
    with database.write() as session:
        planning.fail(session, claim, "The folder is gone.")
    reopen(database, newcomer)
    assert claim_next(database, newcomers_only=True) is not None


@pytest.mark.parametrize(
    ("priority", "waits"), [(Priority.HIGH, True), (Priority.NORMAL, True), (Priority.LOW, False)]
)
def test_a_turn_ends_for_others_of_no_lower_priority(
    database: Database, priority: Priority, waits: bool
) -> None:
    """Of one of a lower priority, the turn would be the same job's again."""
    held = plan_claim(database, add(database))
    assert not others_wait(database, held)
    other = plan_claim(database, add(database, priority))
    assert not others_wait(database, held)
    release(database, other)
    assert others_wait(database, held) is waits


def test_newcomers_are_waited_for_by_their_own_threads_first(database: Database) -> None:
    """A turn ends for them only when those have not come for a while."""
    held = plan_claim(database, add(database))
    newcomer = add(database)
    assert not others_wait(database, held)
    with database.write() as session:
        waited = database_time(-NEWCOMERS_WAIT_S - 1)
        session.execute(update(Job).where(Job.id == newcomer).values(queued_at=waited))
    assert others_wait(database, held)


def test_a_job_that_is_put_off_does_not_wait(database: Database) -> None:
    """Its storage does not answer; a turn would be for nothing."""
    held = plan_claim(database, add(database))
    release(database, plan_claim(database, add(database)), delay_s=60)
    assert not others_wait(database, held)


def test_a_claim_is_held_until_the_job_is_stopped_or_taken(database: Database) -> None:
    """A planner that asks finds out; giving a stopped job back frees its storage."""
    job_id = add(database)
    lost = plan_claim(database, job_id, lease_s=-1)
    held = plan_claim(database, job_id)

    def is_held(claim: PlanClaim) -> bool:
        with database.read() as session:
            return plan_turns.is_held(session, claim)

    assert (is_held(lost), is_held(held)) == (False, True)
    with database.write() as session:
        endings.cancel(session, session.get_one(Job, job_id))
    assert not is_held(held)
    for claim, is_free in ((lost, False), (held, True)):
        release(database, claim)
        with database.read() as session:
            expires_at = session.get_one(Job, job_id).plan_lease_expires_at
        assert (expires_at is None) is is_free
