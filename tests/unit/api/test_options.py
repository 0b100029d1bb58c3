"""The options of jobs and scans: taken from either kind of body, shown on the job."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.terms import Priority
from db import jobs
from tests.support.api import ApiRig, part
from tests.support.rows import add_champion

OPTIONS: dict[str, Any] = {
    "priority": "high",
    "metadata": {"campaign": "spring", "team.a-b_c": "é 🙂"},
    "expires_in_s": 3600,
    "max_failure_ratio": 0.25,
    "rescan": True,
    "faces": "off",
}


@pytest.fixture
def folder_rig(make_rig: Callable[..., ApiRig], tmp_path: Path) -> ApiRig:
    """An application that may scan the folder `faces`."""
    (tmp_path / "faces").mkdir()
    rig = make_rig(allowed_roots=[tmp_path / "faces"])
    add_champion(rig.database)
    return rig


def folder_of(rig: ApiRig) -> dict[str, str]:
    """Return the source that the fixture allows."""
    return {"type": "folder", "path": str(rig.settings.allowed_roots[0])}


def test_options_are_taken_from_either_body(folder_rig: ApiRig) -> None:
    """As an object in JSON, as a text part of a multipart body: the job is the same."""
    body = {"source": folder_of(folder_rig), "options": OPTIONS}
    parts = {"files": part("a.png"), "options": json.dumps(OPTIONS)}
    for given in ({"json": body}, {"data": parts}):
        answer = folder_rig.client.post("/v1/jobs", **given)
        assert answer.status_code == 202, answer.json
        shown = {name: answer.json[name] for name in OPTIONS if name != "expires_in_s"}
        assert shown == {name: OPTIONS[name] for name in shown}
        assert answer.json["expires_at"] > answer.json["created_at"]
        assert answer.json["faults"] == 0
        with folder_rig.database.read() as session:
            assert jobs.get(session, answer.json["id"]).priority is Priority.HIGH


def test_without_options_a_job_is_plain(rig: ApiRig) -> None:
    """What was left out has its default."""
    job = rig.client.post("/v1/jobs", data={"files": part("a.png")}).json
    assert (job["priority"], job["metadata"], job["rescan"]) == ("normal", {}, False)
    assert (job["max_failure_ratio"], job["expires_at"], job["faces"]) == (None, None, "auto")


def test_a_scan_takes_metadata_rescan_and_faces(rig: ApiRig) -> None:
    """The same text part, with the options that make sense for one image."""
    given = {"metadata": {"case": "7"}, "rescan": True, "faces": "off"}
    answer = rig.client.post(
        "/v1/scans", data={"image": part("a.png"), "options": json.dumps(given)}
    )
    assert answer.status_code == 202
    assert {name: answer.json["job"][name] for name in given} == given
    refused = rig.client.post(
        "/v1/scans", data={"image": part("a.png"), "options": '{"priority": "high"}'}
    )
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == "options.priority"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"prio": "high"}, "options.prio"),
        ({"priority": "highest"}, "options.priority"),
        ({"expires_in_s": 0}, "options.expires_in_s"),
        ({"expires_in_s": 1e300}, "options.expires_in_s"),
        ({"max_failure_ratio": 1.01}, "options.max_failure_ratio"),
        ({"rescan": "perhaps"}, "options.rescan"),
        ({"faces": "on"}, "options.faces"),
        ({"strict": True}, "options.strict"),
        ({"metadata": {"a b": "x"}}, "options.metadata.a b.[key]"),
        ({"metadata": {"a" * 65: "x"}}, f"options.metadata.{'a' * 65}.[key]"),
        ({"metadata": {"a": "x" * 501}}, "options.metadata.a"),
        ({"metadata": {"a": "nul\x00"}}, "options.metadata.a"),
        ({"metadata": {"a": 1}}, "options.metadata.a"),
        ({"metadata": {str(i): "x" for i in range(51)}}, "options.metadata"),
        ([], "options"),
    ],
)
def test_an_option_that_is_wrong_is_named(folder_rig: ApiRig, options: object, field: str) -> None:
    """In JSON and in a multipart body by the same path; nothing is kept."""
    body = {"source": folder_of(folder_rig), "options": options}
    parts = {"files": part("a.png"), "options": json.dumps(options)}
    for given in ({"json": body}, {"data": parts}):
        answer = folder_rig.client.post("/v1/jobs", **given)
        assert answer.status_code == 422, answer.json
        assert [fault["field"] for fault in answer.json["errors"]] == [field]
    assert (folder_rig.kept(), folder_rig.queue.messages) == ([], [])


@pytest.mark.parametrize("text", ["", "{", '{"a": "\\ud800"}', "nul\x00", "[" * 100_000])
def test_options_that_are_no_json_are_refused(rig: ApiRig, text: str) -> None:
    """Whatever the text is, the field is named."""
    answer = rig.client.post("/v1/jobs", data={"files": part("a.png"), "options": text})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "options")


def test_options_are_sent_once_and_as_text(rig: ApiRig) -> None:
    """A file of that name, or two texts, would be ambiguous."""
    for options in (part("options.json", b"{}"), ["{}", "{}"]):
        answer = rig.client.post("/v1/jobs", data={"files": part("a.png"), "options": options})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "options")


def test_jobs_are_found_by_metadata_and_priority(rig: ApiRig) -> None:
    """Every pair must match; a value may hold colons."""
    for name, options in {
        "a": {"metadata": {"team": "x", "url": "https://a"}, "priority": "low"},
        "b": {"metadata": {"team": "x"}},
    }.items():
        parts = {"files": part(f"{name}.png"), "options": json.dumps(options)}
        assert rig.client.post("/v1/jobs", data=parts).status_code == 202

    def found(query: str) -> int:
        return len(rig.client.get(f"/v1/jobs?{query}").json["jobs"])

    assert found("metadata=team:x") == 2
    assert found("metadata=team:x&metadata=url:https://a") == 1
    assert found("metadata=team:") == 0
    assert found("priority=low") == 1
    assert found("created_after=2020-01-01T00:00:00Z&created_before=2999-01-01T00:00:00Z") == 2
    assert found("created_before=2020-01-01T00:00:00Z") == 0


@pytest.mark.parametrize(
    "query",
    [
        "metadata=team",
        "metadata=a b:c",
        "created_after=2020-01-01",
        "created_after=0001-01-01T00:00:00%2B02:00",
        "created_before=9999-12-31T23:59:59-02:00",
    ],
)
def test_a_filter_that_is_wrong_is_refused(rig: ApiRig, query: str) -> None:
    """A time without a zone could mean two moments, and one that is no year in UTC means none."""
    answer = rig.client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].startswith(query.partition("=")[0])
