"""A database that goes away in the middle of a job."""

from tests.e2e.chaos.conftest import Begin


def test_a_database_that_is_restarted_costs_nothing(begin: Begin) -> None:
    """Once in an orderly way, once by a crash: what was not committed is done again."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, 0.2)
    trial.postgres.stop()
    trial.postgres.restart()
    trial.wait_until_resumed(job_id, trial.job(job_id).ended)
    trial.wait_for_part(job_id, 0.6)
    trial.postgres.kill()
    trial.postgres.restart()
    trial.wait_until_resumed(job_id, trial.job(job_id).ended)
    trial.finish(job_id)
