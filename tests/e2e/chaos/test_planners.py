"""Several planners on one job: the lease decides who writes, and no item is listed twice."""

import signal

from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.faults import Fault
from tests.support.chaos.trial import Trial


def test_five_planners_at_once_plan_a_job_once(begin: Begin) -> None:
    """The message that asks for the planning comes five times, to three workers."""
    trial = begin(kills=0)
    trial.start_workers()
    trial.faults.turn_on(Fault.LISTING_IS_SLOW)
    job_id = trial.submit()
    for _ in range(4):
        trial.pause(0.5)
        trial.ring()
    trial.finish(job_id)
    assert len(_planners(trial)) == 1


def test_a_planner_that_lost_its_lease_writes_nothing_more(begin: Begin) -> None:
    """Stopped in the middle of the list, and woken when another has taken over."""
    trial = begin(kills=0)
    trial.start_workers()
    trial.faults.turn_on(Fault.LISTING_IS_SLOW)
    job_id = trial.submit()
    written = trial.random.randrange(1000)
    trial.wait_for(lambda: trial.job(job_id).total > written, "the planner writes shards")
    (planner,) = _planners(trial)
    name = next(name for name in trial.workers if trial.supervisor.pid(name) == planner)
    trial.signal(name, signal.SIGSTOP)
    assert trial.job(job_id).listed_at is None, "The list was at its end before."
    trial.wait_for(lambda: len(_planners(trial)) == 2, "another planner takes over")
    trial.signal(name, signal.SIGCONT)
    trial.finish(job_id)


def _planners(trial: Trial) -> set[int]:
    """Return the processes that have listed the source."""
    return {note.pid for note in trial.history.of("listing")}
