"""Everything at once, in an order that only the seed knows."""

import signal
from collections.abc import Callable

import pytest

from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.faults import CLOCK_BACKWARDS, CLOCK_FORWARDS, Fault
from tests.support.chaos.trial import Trial

MOST_FAULTS = 20


@pytest.mark.long
def test_everything_at_once_costs_nothing(begin: Begin) -> None:
    """Whatever breaks, and whatever broke just before: one correct verdict each."""
    trial = begin(kills=2, shard_size=8, send_twice=True)
    trial.start_workers()
    job_id = trial.submit()
    for _ in range(MOST_FAULTS):
        pause_s = trial.random.uniform(0.2, 2)
        if trial.happens(lambda: trial.job(job_id).state.is_final, within_s=pause_s):
            break
        trial.random.choice(FAULTS)(trial)
    trial.finish(job_id)


def _signal(trial: Trial, number: int) -> str:
    name = trial.random.choice(trial.workers)
    trial.signal(name, number)
    return name


def _kill_a_worker(trial: Trial) -> None:
    _signal(trial, signal.SIGKILL)


def _stop_a_worker_well(trial: Trial) -> None:
    _signal(trial, signal.SIGTERM)


def _freeze_a_worker(trial: Trial) -> None:
    name = _signal(trial, signal.SIGSTOP)
    trial.pause(4)
    trial.signal(name, signal.SIGCONT)


def _let_a_clock_jump(trial: Trial) -> None:
    _signal(trial, trial.random.choice((CLOCK_FORWARDS, CLOCK_BACKWARDS)))


def _restart_the_broker(trial: Trial) -> None:
    trial.broker.kill()
    trial.pause(2)
    trial.broker.restart()


def _empty_the_broker(trial: Trial) -> None:
    trial.broker.forget()


def _let_messages_come_again(trial: Trial) -> None:
    trial.broker.time_out()


def _restart_the_database(trial: Trial) -> None:
    trial.random.choice((trial.postgres.stop, trial.postgres.kill))()
    trial.postgres.restart()


def _let_storage_fail(trial: Trial) -> None:
    trial.faults.turn_on(Fault.STORAGE_FAILS)
    trial.pause(2)
    trial.faults.turn_off(Fault.STORAGE_FAILS)


FAULTS: tuple[Callable[[Trial], None], ...] = (
    _kill_a_worker,
    _stop_a_worker_well,
    _freeze_a_worker,
    _let_a_clock_jump,
    _restart_the_broker,
    _empty_the_broker,
    _let_messages_come_again,
    _restart_the_database,
    _let_storage_fail,
)
