"""`Idempotency-Key`: a request that is sent again makes no second job."""

import json
from typing import Any

import pytest

from db import job_pages
from tests.support.api import Answer, ApiRig, part, png
from tests.support.rows import add_champion


def upload(rig: ApiRig, key: str, *, name: str = "a.png", colour: str = "teal") -> Answer:
    """Upload one drawn image under the key."""
    return rig.client.post(
        "/v1/jobs",
        data={"files": part(name, png(colour)), "options": '{"priority": "high"}'},
        headers={"Idempotency-Key": key},
    )


def count(rig: ApiRig) -> int:
    """Return how many jobs there are."""
    with rig.database.read() as session:
        return len(job_pages.page(session, limit=100))


def test_the_same_request_is_answered_with_its_job(rig: ApiRig) -> None:
    """Nothing is kept, sent or inserted a second time, and the answer says so."""
    first, kept = upload(rig, "k"), rig.kept()
    again = upload(rig, "k")
    assert (first.status_code, again.status_code) == (202, 202)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json["id"], again.headers["Location"]) == (
        first.json["id"],
        first.headers["Location"],
    )
    assert (count(rig), rig.kept(), len(rig.queue.messages)) == (1, kept, 1)


@pytest.mark.parametrize("changed", [{"name": "b.png"}, {"colour": "red"}])
def test_another_request_under_the_key_is_refused(rig: ApiRig, changed: dict[str, str]) -> None:
    """Another file name, or other bytes: nobody can have meant the same job."""
    upload(rig, "k")
    answer = upload(rig, "k", **changed)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert count(rig) == 1


def test_without_a_key_or_with_another_there_is_another_job(rig: ApiRig) -> None:
    """Only the key makes two requests one."""
    ids = {upload(rig, "k").json["id"], upload(rig, "K").json["id"]}
    ids |= {rig.client.post("/v1/jobs", data={"files": part("a.png")}).json["id"] for _ in "ab"}
    assert (len(ids), count(rig)) == (4, 4)


def test_json_is_compared_by_what_it_says(rig: ApiRig) -> None:
    """The order of fields and the spaces between them do not count."""
    source: dict[str, Any] = {"type": "urls", "urls": ["https://example.org/a.jpg"]}
    texts = [
        json.dumps({"source": source, "options": {}}),
        json.dumps({"options": {}, "source": dict(reversed(source.items()))}, indent=2),
        json.dumps({"source": source}),
    ]
    answers = [
        rig.client.post(
            "/v1/jobs",
            data=text,
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )
        for text in texts
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert answers[0].json["id"] == answers[1].json["id"]


def test_a_scan_is_replayed_with_its_verdict(rig: ApiRig) -> None:
    """The job, and whatever has become of it meanwhile; a job's key is no scan's."""
    given = {"headers": {"Idempotency-Key": "k"}}
    first = rig.client.post("/v1/scans", data={"image": part("fake.png")}, **given).json
    rig.worker.run(first["job"]["id"])
    again = rig.client.post("/v1/scans", data={"image": part("fake.png")}, **given)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["job"]["id"] == first["job"]["id"]
    assert again.json["verdict"]["label"] == "fake"
    assert upload(rig, "k").status_code == 422


@pytest.mark.parametrize("key", ["a b", "x" * 256, "é", " "])
def test_a_key_that_is_no_key_is_refused(rig: ApiRig, key: str) -> None:
    """1 to 255 visible ASCII characters."""
    answer = upload(rig, key)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert rig.kept() == []


def test_a_request_that_failed_leaves_its_key_free(bare_rig: ApiRig) -> None:
    """The key is given away together with the job, or not at all."""
    assert upload(bare_rig, "k").status_code == 503
    assert bare_rig.kept() == []
    add_champion(bare_rig.database)
    answer = upload(bare_rig, "k")
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer.headers
