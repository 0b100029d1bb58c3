"""Making jobs over HTTP: files, archives, folders, and whatever is none of them."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.sources import source_from_dict
from core.sources.files import list_files
from core.taskqueue import plan_job
from core.terms import ItemCode, JobState
from db import jobs
from db.models import Job
from tests.support.api import ApiRig, part, png
from tests.support.rows import add_champion


def stored(rig: ApiRig, public_id: str) -> Job:
    """Return the row of a job."""
    with rig.database.read() as session:
        return jobs.get(session, public_id)


def upload(rig: ApiRig, *names: str) -> str:
    """Upload drawn images under the names; return the job's id."""
    answer = rig.client.post("/v1/jobs", data={"files": [part(name) for name in names]})
    assert answer.status_code == 202, answer.json
    return answer.json["id"]


def test_uploaded_files_become_a_job_that_is_sent_for_planning(rig: ApiRig) -> None:
    """Files are kept, the row is there, and only its id goes to the broker."""
    answer = rig.client.post("/v1/jobs", data={"files": [part("a.png"), part("b.png")]})
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"
    job = stored(rig, answer.json["id"])
    assert (job.state, job.model_version.name) == (JobState.QUEUED, "tiny-1")
    assert rig.queue.messages == [plan_job()]


def test_the_list_of_uploaded_files_keeps_order_and_relative_names(rig: ApiRig) -> None:
    """What the planner reads is what the client sent, names as labels."""
    public_id = upload(rig, "holiday/b.png", "../../etc/passwd", "a\u202egnp.exe\x00.png")
    items = list(list_files(stored(rig, public_id).source["uri"]))
    assert [item.name for item in items] == ["holiday/b.png", "../../etc/passwd", "agnp.exe.png"]
    assert rig.kept() == [
        f"uploads/{public_id}/files/00000000",
        f"uploads/{public_id}/files/00000001",
        f"uploads/{public_id}/files/00000002",
        f"uploads/{public_id}/items.jsonl",
    ]


def test_a_file_that_is_too_large_becomes_an_item_with_that_fault(
    make_rig: Callable[..., ApiRig],
) -> None:
    """Its bytes are not kept, and the other files are scanned all the same."""
    rig = make_rig(max_image_bytes=2048)
    add_champion(rig.database)
    files = [part("small.png"), part("large.png", bytes(2049)), part("empty.png", b"")]
    public_id = rig.client.post("/v1/jobs", data={"files": files}).json["id"]
    items = list(list_files(stored(rig, public_id).source["uri"]))
    assert [item.fault_code for item in items] == [None, ItemCode.TOO_LARGE, None]
    assert items[1].fault_message is not None
    assert "2,049 bytes" in items[1].fault_message
    assert f"uploads/{public_id}/files/00000001" not in rig.kept()
    rig.worker.run(public_id)
    counters = rig.client.get(f"/v1/jobs/{public_id}").json["counters"]
    assert (counters["total"], counters["failed"]) == (3, 1)


def test_an_archive_is_kept_as_it_is(rig: ApiRig) -> None:
    """The planner unpacks it; the client's name of it is shown."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a/fake.png", png())
    parts = {"archive": part("faces.zip", stream.getvalue())}
    answer = rig.client.post("/v1/jobs", data=parts)
    assert answer.json["source"] == {"type": "archive", "name": "faces.zip"}
    rig.worker.run(answer.json["id"])
    found = rig.client.get(f"/v1/jobs/{answer.json['id']}/verdicts").json["verdicts"]
    assert [verdict["name"] for verdict in found] == ["a/fake.png"]


def test_a_folder_under_an_allowed_root_becomes_a_job(
    make_rig: Callable[..., ApiRig], tmp_path: Path
) -> None:
    """JSON names the folder; nothing is uploaded."""
    (tmp_path / "faces" / "inner").mkdir(parents=True)
    rig = make_rig(allowed_roots=[tmp_path / "faces"])
    add_champion(rig.database)
    body = {"source": {"type": "folder", "path": str(tmp_path / "faces" / "inner")}}
    answer = rig.client.post("/v1/jobs", json=body)
    assert answer.status_code == 202
    source = source_from_dict(stored(rig, answer.json["id"]).source)
    assert source.model_dump() == body["source"]


@pytest.mark.parametrize("path", ["/", "faces", "/nowhere/\x00", "/" + "x" * 5000])
def test_a_folder_that_is_not_allowed_is_refused(rig: ApiRig, path: str) -> None:
    """No path leads around the allowed roots, or to a server error."""
    answer = rig.client.post("/v1/jobs", json={"source": {"type": "folder", "path": path}})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "source.path"
    assert rig.queue.messages == []


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({}, 415, "application/json"),
        ({"data": {}, "content_type": "multipart/form-data"}, 422, "Send either images"),
        ({"data": {"files": part("a"), "archive": part("b")}}, 422, "Send either images"),
        ({"data": {"archive": [part("a.zip"), part("b.zip")]}}, 422, "2 times"),
        ({"data": {"images": part("a.png")}}, 422, "There is no field `images` here"),
        ({"data": {"files": "text"}, "content_type": "multipart/form-data"}, 422, "as a file"),
        ({"data": "{", "content_type": "application/json"}, 422, "`body`"),
        ({"json": {}}, 422, "`source`"),
        ({"json": {"source": {"path": "/a"}, "more": 1}}, 422, "`more`"),
        ({"data": b" " * 2**23, "content_type": "application/json"}, 413, "multipart/form-data"),
    ],
)
def test_a_body_that_cannot_be_a_job_is_refused_with_a_sentence(
    rig: ApiRig, given: dict, status: int, said: str
) -> None:
    """Whatever is wrong with the body, nothing is kept and the answer says what to do."""
    answer = rig.client.post("/v1/jobs", **given)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert said in answer.json["detail"]
    assert rig.kept() == []


def test_more_files_than_allowed_are_refused(make_rig: Callable[..., ApiRig]) -> None:
    """Both just above the limit and far above it, the sentence names the setting."""
    rig = make_rig(max_upload_files=3)
    add_champion(rig.database)
    for count in (4, 40):
        files = [part(f"{i}.png") for i in range(count)]
        answer = rig.client.post("/v1/jobs", data={"files": files})
        assert answer.status_code == 413
        assert "FAKESWEEP_MAX_UPLOAD_FILES" in answer.json["detail"]
    assert rig.kept() == []


def test_a_body_larger_than_allowed_is_refused(make_rig: Callable[..., ApiRig]) -> None:
    """The sentence says how large it is, and which setting decides."""
    rig = make_rig(max_upload_bytes=1000)
    answer = rig.client.post("/v1/jobs", data={"files": part("a.png", bytes(2000))})
    assert answer.status_code == 413
    assert "FAKESWEEP_MAX_UPLOAD_BYTES" in answer.json["detail"]


def test_without_a_model_version_nothing_of_the_upload_stays(bare_rig: ApiRig) -> None:
    """The insert fails, so the bytes go, and the sentence says how to get a model version."""
    answer = bare_rig.client.post("/v1/jobs", data={"files": part("a.png")})
    assert answer.status_code == 503
    assert "fakesweep models sync" in answer.json["detail"]
    assert bare_rig.kept() == []


def test_a_broker_that_is_down_does_not_fail_the_request(rig: ApiRig) -> None:
    """The job is committed; recovery sends its message later."""
    rig.queue.is_down = True
    public_id = upload(rig, "a.png")
    assert stored(rig, public_id).state == JobState.QUEUED
