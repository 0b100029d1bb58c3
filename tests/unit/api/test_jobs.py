"""Reading, listing and cancelling jobs over HTTP."""

import json

import pytest

from core.terms import JobState
from db import endings, jobs
from tests.support.api import ApiRig, part


def upload(rig: ApiRig, *names: str) -> str:
    """Upload drawn images under the names; return the job's id."""
    answer = rig.client.post("/v1/jobs", data={"files": [part(name) for name in names]})
    assert answer.status_code == 202, answer.json
    return answer.json["id"]


def test_a_job_shows_counters_rate_and_time_to_go(rig: ApiRig) -> None:
    """Queued, running and ended items add up to the total while the job runs."""
    public_id = upload(rig, "fake.png", "b.png", "broken.png", "tree.png", "unsure.png", "f.png")
    rig.worker.plan(public_id, shard_size=2)
    first, second, _ = rig.worker.waiting(public_id)
    rig.worker.finish(first)
    rig.worker.claim(second)
    job = rig.client.get(f"/v1/jobs/{public_id}").json
    counters = job["counters"]
    assert (counters["total"], counters["queued"], counters["running"]) == (6, 2, 2)
    assert (counters["fake"], counters["real"], counters["scored"]) == (1, 1, 2)
    assert job["rate"] > 0
    assert job["eta_s"] > 0


def test_a_finished_job_keeps_its_rate_and_has_no_time_to_go(rig: ApiRig) -> None:
    """The rate is over the time that the job ran, however late it is read."""
    public_id = upload(rig, "a.png", "b.png")
    rig.worker.run(public_id)
    first, second = (rig.client.get(f"/v1/jobs/{public_id}").json for _ in range(2))
    assert first["state"] == "completed"
    assert first["rate"] == second["rate"] > 0
    assert first["eta_s"] is None


def test_a_job_that_has_not_begun_has_no_rate(rig: ApiRig) -> None:
    """Unknown is null, not zero."""
    job = rig.client.get(f"/v1/jobs/{upload(rig, 'a.png')}").json
    assert (job["rate"], job["eta_s"]) == (None, None)


def test_where_uploads_are_kept_is_not_shown(rig: ApiRig) -> None:
    """A client sees what it sent, not our storage."""
    answer = rig.client.get(f"/v1/jobs/{upload(rig, 'a.png')}")
    assert answer.json["source"] == {"type": "files"}
    assert "file://" not in answer.text


def test_jobs_are_listed_newest_first_page_by_page(rig: ApiRig) -> None:
    """Following the cursors gives every job once."""
    made = [upload(rig, f"{i}.png") for i in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = rig.client.get("/v1/jobs", query_string=query).json
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_jobs_are_listed_by_state_and_kind(rig: ApiRig) -> None:
    """Filters combine."""
    done, waiting = upload(rig, "a.png"), upload(rig, "b.png")
    rig.worker.run(done)
    single = rig.client.post("/v1/scans", data={"image": part("c.png")}).json["job"]["id"]

    def listed(query: str) -> list[str]:
        return [job["id"] for job in rig.client.get(f"/v1/jobs?{query}").json["jobs"]]

    assert listed("state=completed") == [done]
    assert listed("kind=single") == [single]
    assert listed("kind=bulk&state=queued") == [waiting]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "state=lost", "kind=", "cursor=!", "metadata=a", "metadata=a:%00"],
)
def test_a_query_that_makes_no_sense_is_refused(rig: ApiRig, query: str) -> None:
    """The problem names the parameter."""
    answer = rig.client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].partition(".")[0] == query.partition("=")[0]


def test_no_more_is_looked_for_than_a_job_can_hold(rig: ApiRig) -> None:
    """Each pair costs the database a look-up."""
    for pairs, status in ((50, 200), (51, 422)):
        query = "&".join(f"metadata=k{i}:v" for i in range(pairs))
        assert rig.client.get(f"/v1/jobs?{query}").status_code == status


@pytest.mark.parametrize("job_id", ["job_" + "0" * 32, "1", "job_%00", "job_" + "0" * 31 + "'"])
def test_an_unknown_job_is_not_found(rig: ApiRig, job_id: str) -> None:
    """Any id that is not there gives the same 404, on every path of a job."""
    for path in ("", "/verdicts"):
        assert rig.client.get(f"/v1/jobs/{job_id}{path}").status_code == 404
    assert rig.client.post(f"/v1/jobs/{job_id}/cancel").status_code == 404


def test_a_job_is_cancelled_and_keeps_its_verdicts(rig: ApiRig) -> None:
    """No worker has it in hand, so it ends at once; cancelling again changes nothing."""
    public_id = upload(rig, "a.png", "b.png")
    rig.worker.plan(public_id, shard_size=1)
    rig.worker.finish(rig.worker.waiting(public_id)[0])
    for _ in range(2):
        answer = rig.client.post(f"/v1/jobs/{public_id}/cancel")
        assert (answer.status_code, answer.json["state"]) == (202, "cancelled")
    assert len(rig.client.get(f"/v1/jobs/{public_id}/verdicts").json["verdicts"]) == 1


def test_a_job_that_has_ended_cannot_be_cancelled(rig: ApiRig) -> None:
    """The conflict says why."""
    public_id = upload(rig, "a.png")
    rig.worker.run(public_id)
    answer = rig.client.post(f"/v1/jobs/{public_id}/cancel")
    assert answer.status_code == 409
    assert "already completed" in answer.json["detail"]


def test_a_failed_job_says_why(rig: ApiRig) -> None:
    """Its sentence is in the job."""
    public_id = upload(rig, "a.png")
    with rig.database.write() as session:
        job_id = jobs.get(session, public_id).id
        reason = "The source cannot be read."
        endings.stop(session, job_id, ending=JobState.FAILED, error=reason)
    job = json.loads(rig.client.get(f"/v1/jobs/{public_id}").text)
    assert (job["state"], job["error"]) == ("failed", "The source cannot be read.")
