"""A new champion in the middle of a job."""

from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.trial import MODEL_VERSION
from tests.support.rows import add_champion

NEXT_VERSION = "chaos-2"


def test_a_model_promoted_within_a_job_scans_the_next_one(begin: Begin) -> None:
    """Each verdict is of the version that its job was pinned to, and names it."""
    trial = begin()
    trial.start_workers()
    first = trial.submit()
    trial.wait_for_part(first, *trial.moments(1))
    trial.history.note("fault", f"{NEXT_VERSION} is promoted")
    add_champion(trial.database, NEXT_VERSION)
    second = trial.submit()
    for job_id in (first, second):
        trial.wait_for(lambda one=job_id: trial.job(one).state.is_final, "both jobs end")
    for job_id, version in ((first, MODEL_VERSION), (second, NEXT_VERSION)):
        assert trial.job(job_id).model_version.name == version
        trial.finish(job_id)
