"""What a key may use, and what only admins may do, over HTTP."""

from collections.abc import Callable

import pytest

from core.terms import Scope
from db import api_keys, jobs, quotas
from tests.support.api import Answer, ApiClient, ApiRig, part
from tests.support.scanning import replan, scan_all


@pytest.fixture
def limited(guarded_rig: ApiRig) -> Callable[..., ApiClient]:
    """A builder of clients whose keys have the limits."""
    return lambda **limits: guarded_rig.client_with(guarded_rig.add_key("limited", **limits))


def submit(client: ApiClient, path: str = "/v1/jobs") -> Answer:
    """Submit an image."""
    return client.post(path, data={"image" if "scans" in path else "files": part("a.png")})


def submit_urgent(client: ApiClient) -> Answer:
    """Submit an image before everybody else's."""
    return client.post("/v1/jobs", data={"files": part("a.png"), "options": '{"priority": "high"}'})


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/scans", "/jobs"])
def test_one_open_job_too_many_is_refused(
    guarded_rig: ApiRig, limited: Callable[..., ApiClient], path: str
) -> None:
    """Nothing of it is kept; once a job has ended, the next is welcome."""
    client = limited(max_open_jobs=1)
    public_id = submit(client).json["id"]
    kept = guarded_rig.kept()
    refused = submit(client, path)
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert int(refused.headers["Retry-After"]) > 0
    assert "1 open job at a time" in refused.json["detail"]
    assert guarded_rig.kept() == kept
    guarded_rig.worker.run(public_id)
    assert submit(client, path).status_code in (202, 303)


def test_a_day_that_is_used_up_is_refused_until_midnight(
    guarded_rig: ApiRig, limited: Callable[..., ApiClient]
) -> None:
    """`Retry-After` says how long that is; other keys go on."""
    client = limited(max_items_a_day=10)
    public_id = submit(client).json["id"]
    with guarded_rig.database.write() as session:
        key_id = jobs.get(session, public_id).api_key_id
        assert quotas.spend(session, key_id, 10 - quotas.used_today(session).get(key_id or 0, 0))
    refused = submit(client)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 86_401
    assert "10 items of today" in refused.json["detail"]
    other = guarded_rig.client_with(guarded_rig.add_key("other"))
    assert submit(other).status_code == 202


def test_single_scans_count(guarded_rig: ApiRig, limited: Callable[..., ApiClient]) -> None:
    """They are listed where they are submitted."""
    client = limited(max_items_a_day=2)
    found = [submit(client, "/v1/scans").status_code for _ in range(3)]
    assert found == [202, 202, 429]
    with guarded_rig.database.read() as session:
        assert list(quotas.used_today(session).values()) == [2]


def test_only_admins_overtake_everybody(guarded_rig: ApiRig) -> None:
    """Jobs of the highest priority need the scope; the sentence says so."""
    scanner = guarded_rig.client_with(guarded_rig.add_key("scanner"))
    admin = guarded_rig.client_with(guarded_rig.add_key("admin", Scope.ADMIN))
    refused = submit_urgent(scanner)
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert "scope `admin`" in refused.json["detail"]
    assert guarded_rig.kept() == []
    assert submit_urgent(admin).json["priority"] == "high"


def test_without_keys_everybody_is_an_admin(rig: ApiRig) -> None:
    """On one's own machine there is nobody to overtake."""
    assert submit_urgent(rig.client).status_code == 202


def test_the_key_of_a_job_is_its_owner(guarded_rig: ApiRig) -> None:
    """However it was submitted."""
    key = guarded_rig.add_key("app")
    client = guarded_rig.client_with(key)
    ids = [submit(client).json["id"], submit(client, "/v1/scans").json["job"]["id"]]
    ids.append(submit(client, "/jobs").headers["Location"].rpartition("/")[2])
    with guarded_rig.database.read() as session:
        found = api_keys.find(session, key)
        assert found is not None
        assert {jobs.get(session, public_id).api_key_id for public_id in ids} == {found.id}


def test_of_a_retry_by_code_only_its_items_count(
    guarded_rig: ApiRig, limited: Callable[..., ApiClient]
) -> None:
    """The others are not scanned again."""
    client = limited(max_items_a_day=4)
    files = {"files": [part(f"{name}.png") for name in ("broken-1", "broken-2", "lost")]}
    job = client.post("/v1/jobs", data=files).json
    guarded_rig.worker.run(job["id"])
    assert client.post(f"{job['links']['retry']}?code=fetch_failed").status_code == 202
    with guarded_rig.database.read() as session:
        assert list(quotas.used_today(session).values()) == [1]


def test_items_that_are_tried_again_count_again(
    guarded_rig: ApiRig, limited: Callable[..., ApiClient]
) -> None:
    """All that failed, or the retry is refused and the job stays as it is."""
    client = limited(max_items_a_day=4)
    files = {"files": [part(f"broken-{i}.png") for i in range(3)]}
    job = client.post("/v1/jobs", data=files).json
    guarded_rig.worker.run(job["id"])
    assert client.post(job["links"]["retry"]).status_code == 202
    with guarded_rig.database.read() as session:
        assert list(quotas.used_today(session).values()) == [3]
        job_id = jobs.get(session, job["id"]).id
    replan(guarded_rig.database, job_id)
    scan_all(guarded_rig.database, job_id, failing={0, 1})
    refused = client.post(job["links"]["retry"])
    assert (refused.status_code, "items of today" in refused.json["detail"]) == (429, True)
    assert client.get(job["links"]["self"]).json["state"] == "completed"
