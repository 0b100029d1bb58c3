"""Deleting jobs over HTTP."""

import pytest

from core.taskqueue import purge
from tests.support.api import ApiRig, part


@pytest.fixture
def job_path(rig: ApiRig) -> str:
    """The path of a finished job."""
    answer = rig.client.post("/v1/jobs", data={"files": [part("a.png"), part("fake.png")]})
    rig.worker.run(answer.json["id"])
    rig.queue.messages.clear()
    return f"/v1/jobs/{answer.json['id']}"


def test_a_deleted_job_is_gone_from_every_path(rig: ApiRig, job_path: str) -> None:
    """At once, before a worker has purged anything."""
    answer = rig.client.open(job_path, method="DELETE")
    assert (answer.status_code, answer.data) == (204, b"")
    for path in (job_path, f"{job_path}/verdicts", f"{job_path}/export", job_path[3:]):
        assert rig.client.get(path).status_code == 404
    assert rig.client.post(f"{job_path}/cancel").status_code == 404
    assert rig.client.open(job_path, method="DELETE").status_code == 404
    assert rig.client.get("/v1/jobs").json["jobs"] == []


def test_a_worker_is_rung_for(rig: ApiRig, job_path: str) -> None:
    """It purges what the job holds."""
    rig.client.open(job_path, method="DELETE")
    assert rig.queue.messages == [purge()]


def test_a_broker_that_is_down_does_not_matter(rig: ApiRig, job_path: str) -> None:
    """The workers' next sweep finds the job."""
    rig.queue.is_down = True
    assert rig.client.open(job_path, method="DELETE").status_code == 204


def test_an_open_job_must_be_cancelled_first(rig: ApiRig) -> None:
    """The sentence says so, and the job stays."""
    public_id = rig.client.post("/v1/jobs", data={"files": [part("a.png")]}).json["id"]
    answer = rig.client.open(f"/v1/jobs/{public_id}", method="DELETE")
    assert (answer.status_code, "cancel it" in answer.json["detail"]) == (409, True)
    assert rig.client.get(f"/v1/jobs/{public_id}").status_code == 200
