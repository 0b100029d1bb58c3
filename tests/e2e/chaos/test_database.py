"""A database that goes away in the middle of a job."""

from tests.e2e.chaos.conftest import Begin


def test_a_database_that_is_restarted_costs_nothing(begin: Begin) -> None:
    """Once in an orderly way, once by a crash: what was not committed is done again."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    endings = trial.random.sample([trial.postgres.stop, trial.postgres.kill], 2)
    for part, end in zip(trial.moments(2), endings, strict=True):
        trial.wait_for_part(job_id, part)
        end()
        trial.pause(3)
        restarted_at = trial.postgres.restart()
        trial.wait_until_resumed(job_id, trial.job(job_id).ended, since=restarted_at)
    trial.finish(job_id)
