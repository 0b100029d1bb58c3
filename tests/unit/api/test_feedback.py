"""Feedback over HTTP: what people say of verdicts, kept and listed."""

import pytest

from db import deletion
from tests.support.api import ApiRig, part

NAMES = ["fake.png", "b.png", "unsure.png", "broken.png"]


@pytest.fixture
def job_id(rig: ApiRig) -> str:
    """A scanned job: a fake image, a real one, an uncertain one and a broken one."""
    job_id = rig.client.post("/v1/jobs", data={"files": [part(n) for n in NAMES]}).json["id"]
    rig.worker.run(job_id)
    return job_id


def say(rig: ApiRig, verdict_id: str, truth: str, **more: str) -> tuple[int, dict]:
    """Say what the image of a verdict is; return the status and the body of the answer."""
    answer = rig.client.post(f"/v1/verdicts/{verdict_id}/feedback", json={"truth": truth, **more})
    return answer.status_code, answer.json


def test_feedback_is_kept_and_read(rig: ApiRig, job_id: str) -> None:
    """With what is needed to train with it: the digest, and what the image is."""
    status, said = say(rig, f"{job_id}-0", "real", note=" My own photo. ")
    assert status == 200
    given_at = said.pop("given_at")
    assert given_at.endswith("Z")
    assert said == {
        "verdict_id": f"{job_id}-0",
        "name": "fake.png",
        "sha256": "0" * 64,
        "label": "fake",
        "truth": "real",
        "is_right": False,
        "note": "My own photo.",
    }
    read = rig.client.get(f"/v1/verdicts/{job_id}-0/feedback").json
    assert read == said | {"given_at": given_at}


def test_the_last_word_counts(rig: ApiRig, job_id: str) -> None:
    """What was said before is replaced, its note as well."""
    say(rig, f"{job_id}-0", "real", note="A mistake.")
    _, said = say(rig, f"{job_id}-0", "fake")
    assert (said["truth"], said["is_right"], said["note"]) == ("fake", True, None)
    assert len(rig.client.get(f"/v1/jobs/{job_id}/feedback").json["feedback"]) == 1


def test_an_uncertain_verdict_is_neither_right_nor_wrong(rig: ApiRig, job_id: str) -> None:
    """But what its image is can be said."""
    _, said = say(rig, f"{job_id}-2", "fake")
    assert (said["label"], said["truth"], said["is_right"]) == ("uncertain", "fake", None)


def test_feedback_is_listed_page_by_page(rig: ApiRig, job_id: str) -> None:
    """In submission order, whenever it was given."""
    for position in (2, 0, 1):
        say(rig, f"{job_id}-{position}", "fake")
    first = rig.client.get(f"/v1/jobs/{job_id}/feedback?limit=2").json
    rest = rig.client.get(f"/v1/jobs/{job_id}/feedback?cursor={first['next_cursor']}").json
    assert [said["name"] for said in first["feedback"] + rest["feedback"]] == NAMES[:3]
    assert rest["next_cursor"] is None


def test_nothing_was_said_yet(rig: ApiRig, job_id: str) -> None:
    """Which is said as well; the list is empty."""
    answer = rig.client.get(f"/v1/verdicts/{job_id}-0/feedback")
    assert answer.status_code == 404
    assert answer.json["detail"] == "Nobody has said yet whether the verdict is right."
    assert rig.client.get(f"/v1/jobs/{job_id}/feedback").json["feedback"] == []


def test_what_has_no_score_is_neither_right_nor_wrong(rig: ApiRig, job_id: str) -> None:
    """An image that could not be read teaches nothing."""
    status, problem = say(rig, f"{job_id}-3", "fake")
    assert (status, problem["title"]) == (409, "Conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"truth": "uncertain"}, "truth"),
        ({}, "truth"),
        ({"truth": "fake", "note": "a\0b"}, "note"),
        ({"truth": "fake", "note": "x" * 2001}, "note"),
        ({"truth": "fake", "sure": True}, "sure"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    rig: ApiRig, job_id: str, body: dict, field: str
) -> None:
    """The problem names the field."""
    answer = rig.client.post(f"/v1/verdicts/{job_id}-0/feedback", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_another_site_cannot_speak_for_a_person(rig: ApiRig, job_id: str) -> None:
    """As with every request that changes something."""
    answer = rig.client.post(
        f"/v1/verdicts/{job_id}-0/feedback",
        json={"truth": "fake"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


def test_feedback_goes_with_its_job(rig: ApiRig, job_id: str) -> None:
    """A deleted job leaves nothing."""
    say(rig, f"{job_id}-0", "fake")
    with rig.database.write() as session:
        deletion.delete(session, job_id)
    assert rig.client.get(f"/v1/jobs/{job_id}/feedback").status_code == 404
