"""The faults of a job's manifest over HTTP."""

from core.sources import LineFault
from core.terms import ManifestFaultCode
from db import faults, jobs
from tests.support.api import ApiRig, part


def test_faults_come_in_pages_with_their_counts(rig: ApiRig) -> None:
    """In the manifest's order; the job shows how many there are, and where."""
    job = rig.client.post("/v1/jobs", data={"manifest": part("list.jsonl", b"{\n")}).json
    empty = rig.client.get(job["links"]["faults"]).json
    assert empty == {"count": 0, "by_code": {}, "faults": [], "next_cursor": None}
    with rig.database.write() as session:
        job_id = jobs.get(session, job["id"]).id
        found = [
            LineFault(line, ManifestFaultCode.NOT_JSON, f"Line {line} is not JSON.")
            for line in (1, 4, 7)
        ]
        faults.record(session, job_id, found)
    first = rig.client.get(f"{job['links']['faults']}?limit=2").json
    assert (first["count"], first["by_code"]) == (3, {"not_json": 3})
    assert first["faults"][0] == {"line": 1, "code": "not_json", "message": "Line 1 is not JSON."}
    rest = rig.client.get(f"{job['links']['faults']}?cursor={first['next_cursor']}").json
    assert ([fault["line"] for fault in rest["faults"]], rest["next_cursor"]) == ([7], None)
    assert rig.client.get(job["links"]["self"]).json["faults"] == 3


def test_the_faults_of_no_job_are_a_404(rig: ApiRig) -> None:
    """As with its verdicts."""
    assert rig.client.get(f"/v1/jobs/job_{'0' * 32}/faults").status_code == 404
