"""Another try for the failed items of a job, over HTTP."""

from core.taskqueue import plan_job
from db import jobs
from tests.support.api import ApiRig, part


def test_a_job_with_failed_items_is_opened_again(rig: ApiRig) -> None:
    """It is queued, and its planning is rung for; the verdicts of the others stay."""
    parts = {"files": [part("broken.png"), part("fake.png")]}
    job = rig.client.post("/v1/jobs", data=parts).json
    rig.worker.run(job["id"])
    rig.queue.messages.clear()
    answer = rig.client.post(job["links"]["retry"])
    assert (answer.status_code, answer.json["state"]) == (202, "queued")
    assert answer.json["counters"]["scored"] == 1
    with rig.database.read() as session:
        assert rig.queue.messages == [plan_job(jobs.get(session, job["id"]).id)]


def test_a_job_with_nothing_to_try_again_stays_as_it_is(rig: ApiRig) -> None:
    """An open one, and one whose items were all scanned."""
    job = rig.client.post("/v1/jobs", data={"files": part("fake.png")}).json
    assert rig.client.post(job["links"]["retry"]).status_code == 409
    rig.worker.run(job["id"])
    assert rig.client.post(job["links"]["retry"]).status_code == 409
    assert rig.client.get(job["links"]["self"]).json["state"] == "completed"


def test_no_job_cannot_be_retried(rig: ApiRig) -> None:
    """404, as for everything else of it."""
    assert rig.client.post(f"/v1/jobs/job_{'0' * 32}/retry").status_code == 404
