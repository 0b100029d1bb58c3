"""A broker that dies, forgets everything, or says everything twice."""

from tests.e2e.chaos.conftest import Begin

RESUMES_WITHIN_S = 30  # 15 are promised; the machine that tests may be busy


def test_a_broker_that_is_killed_twice_costs_nothing(begin: Begin) -> None:
    """kill -9 and a new start: the workers find it again by themselves and go on."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    for part in (0.2, 0.6):
        trial.wait_for_part(job_id, part)
        trial.broker.kill()
        ended = trial.wait_until_still(job_id)
        trial.broker.restart()
        trial.wait_until_resumed(job_id, ended)
    trial.finish(job_id)
    assert trial.measured["resumed_s"] < RESUMES_WITHIN_S


def test_a_broker_that_forgets_everything_costs_nothing(begin: Begin) -> None:
    """FLUSHALL: recovery rings again for every shard whose message is gone."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    for part in (0.2, 0.6):
        trial.wait_for_part(job_id, part)
        trial.forget_messages()
    trial.finish(job_id)


def test_every_message_comes_twice(begin: Begin) -> None:
    """A second message finds nothing to do: no item is scored again for it."""
    trial = begin(send_twice=True)
    trial.start_workers()
    trial.finish(trial.submit())
