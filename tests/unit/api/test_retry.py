"""Another try for the failed items of a job, over HTTP."""

import pytest

from core.taskqueue import plan_job
from db import jobs
from tests.support.api import ApiRig, part
from tests.support.scanning import replan


def test_a_job_with_failed_items_is_opened_again(rig: ApiRig) -> None:
    """It is queued, and its planning is rung for; the verdicts of the others stay."""
    parts = {"files": [part("broken.png"), part("fake.png")]}
    job = rig.client.post("/v1/jobs", data=parts).json
    rig.worker.run(job["id"])
    rig.queue.messages.clear()
    answer = rig.client.post(job["links"]["retry"])
    assert (answer.status_code, answer.json["state"]) == (202, "queued")
    assert answer.json["counters"]["scored"] == 1
    assert rig.queue.messages == [plan_job()]


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


def test_failed_items_are_chosen_by_code(rig: ApiRig) -> None:
    """Of several codes, those with one of them; each is one `code` of the query."""
    names = ("lost-1.png", "broken.png", "lost-2.png", "fake.png")
    job = rig.client.post("/v1/jobs", data={"files": [part(name) for name in names]}).json
    rig.worker.run(job["id"])
    answer = rig.client.post(f"{job['links']['retry']}?code=fetch_failed&code=poison")
    assert (answer.status_code, answer.json["state"]) == (202, "queued")
    with rig.database.read() as session:
        job_id = jobs.get(session, job["id"]).id
    assert replan(rig.database, job_id) == 2
    left = rig.client.get(f"{job['links']['verdicts']}?outcome=failed").json["verdicts"]
    assert [verdict["name"] for verdict in left] == ["broken.png"]


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("fetch_failed", 409, "No failed item of the job has the code `fetch_failed`"),
        ("no_face", 409, "No failed item of the job has the code `no_face`"),
        ("lost", 422, "correct `code.0`"),
    ],
)
def test_a_code_that_cannot_be_retried_is_told(
    rig: ApiRig, code: str, status: int, sentence: str
) -> None:
    """That no item failed with it, or that it is none; the job stays as it is."""
    job = rig.client.post("/v1/jobs", data={"files": [part("broken.png"), part("tree.png")]}).json
    rig.worker.run(job["id"])
    answer = rig.client.post(f"{job['links']['retry']}?code={code}")
    assert (answer.status_code, sentence in answer.json["detail"]) == (status, True)
    assert rig.client.get(job["links"]["self"]).json["state"] == "completed"


def test_the_document_tells_how_codes_are_chosen(rig: ApiRig) -> None:
    """With an example, and what is answered when there is nothing to try again."""
    document = rig.client.get("/openapi.json").json
    operation = document["paths"]["/v1/jobs/{job_id}/retry"]["post"]
    (code,) = [one for one in operation["parameters"] if one["name"] == "code"]
    assert (code["in"], code["required"], code["schema"]["type"]) == ("query", False, "array")
    assert code["example"] == ["fetch_failed"]
    assert {"202", "404", "409", "422"} <= operation["responses"].keys()
