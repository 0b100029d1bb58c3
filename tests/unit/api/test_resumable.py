"""Resumable uploads by the tus protocol 1.0.0, as its clients use them."""

import io
import zipfile
from base64 import b64encode
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from sqlalchemy import update

from api import receiving
from core.sources import ArchiveSource, ManifestSource, source_from_dict
from core.storage import read_bytes
from db import jobs
from db.clock import database_time
from db.models import Upload
from tests.support.api import Answer, ApiClient, ApiRig, png
from tests.support.rows import add_champion

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


def metadata(name: str) -> str:
    """Return the header that says how the file is called."""
    return f"filename {b64encode(name.encode()).decode()},private"


def begin(client: ApiClient, size: int, *, name: str = "faces.zip") -> str:
    """Begin an upload; return where it is."""
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(name)}
    answer = client.post("/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.json
    return answer.headers["Location"]


def append(client: ApiClient, place: str, offset: int, content: Any) -> Answer:  # noqa: ANN401
    """Send bytes from the offset on."""
    headers = {**TUS, "Upload-Offset": str(offset)}
    return client.open(place, method="PATCH", data=content, headers=headers, content_type=BYTES)


def offset_of(client: ApiClient, place: str) -> int:
    """Ask how far the upload is."""
    answer = client.open(place, method="HEAD", headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def archive() -> bytes:
    """Return a zip file of two drawn images."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in ("fake.png", "real.png"):
            file.writestr(name, png())
    return stream.getvalue()


def submit(rig: ApiRig, place: str, **more: object) -> Answer:
    """Make a job of the upload."""
    source = {"type": "upload", "id": place.rpartition("/")[2], "as": "archive", **more}
    return rig.client.post("/v1/jobs", json={"source": source})


def test_the_server_says_what_it_speaks(make_rig: Callable[..., ApiRig]) -> None:
    """To OPTIONS, which needs no version."""
    client = make_rig(max_resumable_bytes=1000).client
    answer = client.open("/v1/uploads", method="OPTIONS")
    assert answer.status_code in (200, 204)
    assert answer.headers["Tus-Resumable"] == answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == "1000"
    assert "creation" in answer.headers["Tus-Extension"].split(",")


def test_a_file_that_comes_in_pieces_becomes_a_job(rig: ApiRig) -> None:
    """Its bytes are the job's source in the order in which they came, and its name is shown."""
    content, client = archive(), rig.client
    place = begin(client, len(content), name="../faces\u202e.zip")
    for start in range(0, len(content), 100):
        answer = append(client, place, start, content[start : start + 100])
        assert answer.status_code == 204
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert int(answer.headers["Upload-Offset"]) == min(start + 100, len(content))
    job = submit(rig, place)
    assert job.status_code == 202, job.json
    assert job.json["source"] == {"type": "archive", "name": "../faces.zip"}
    with rig.database.read() as session:
        source = source_from_dict(jobs.get(session, job.json["id"]).source)
    assert isinstance(source, ArchiveSource)
    assert b"".join(read_bytes(part.uri, max_bytes=100) for part in source.parts) == content
    assert [part.size for part in source.parts][:-1] == [100] * (len(source.parts) - 1)


def test_head_says_where_to_go_on(rig: ApiRig) -> None:
    """With what the client said of the file, and until when it can go on; GET says it in JSON."""
    place = begin(rig.client, 10)
    append(rig.client, place, 0, b"abc")
    answer = rig.client.open(place, method="HEAD", headers=TUS)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("3", "10")
    assert answer.headers["Upload-Metadata"] == metadata("faces.zip")
    assert answer.headers["Cache-Control"] == "no-store"
    view = rig.client.get(place).json
    assert (view["name"], view["size"], view["received"]) == ("faces.zip", 10, 3)
    expires = parsedate_to_datetime(answer.headers["Upload-Expires"])
    assert view["expires_at"].startswith(expires.strftime("%Y-%m-%dT%H:%M:%S"))


def test_the_first_bytes_may_come_with_the_creation(rig: ApiRig) -> None:
    """One request less for a small file."""
    headers = {**TUS, "Upload-Length": "5"}
    answer = rig.client.post("/v1/uploads", headers=headers, data=b"abc", content_type=BYTES)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "3")
    assert offset_of(rig.client, answer.headers["Location"]) == 3


@pytest.mark.parametrize("offset", [0, 2, 4, 10])
def test_bytes_at_another_offset_are_refused(rig: ApiRig, offset: int) -> None:
    """The answer says where the upload goes on, and nothing of them is kept."""
    place = begin(rig.client, 10)
    append(rig.client, place, 0, b"abc")
    kept = rig.kept()
    answer = append(rig.client, place, offset, b"d")
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert "byte 3" in answer.json["detail"]
    assert rig.kept() == kept


def test_more_bytes_than_announced_are_refused(rig: ApiRig) -> None:
    """Before any is kept; the rest that fits can still come."""
    place = begin(rig.client, 5)
    assert append(rig.client, place, 0, b"abcdef").status_code == 413
    assert rig.kept() == []
    assert append(rig.client, place, 0, b"abcde").status_code == 204


class Faster(io.RawIOBase):
    """A body during which another request sends the same bytes."""

    def __init__(self, content: bytes, other: Callable[[], object]) -> None:
        self._content = io.BytesIO(content)
        self._other = other

    def readinto(self, buffer: bytearray, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Let the other request come first, then read."""
        if self._content.tell() == 0:
            self._other()
        return self._content.readinto(buffer)


def test_of_two_requests_with_the_same_bytes_one_wins(rig: ApiRig) -> None:
    """The other is told so, and what it wrote is deleted."""
    place = begin(rig.client, 6)
    body = Faster(b"slower", lambda: append(rig.client, place, 0, b"faster"))
    answer = rig.client.open(
        place,
        method="PATCH",
        environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": "6"},
        headers={**TUS, "Upload-Offset": "0"},
        content_type=BYTES,
    )
    assert answer.status_code == 409
    [key] = rig.kept()
    assert read_bytes(rig.storage.uri(key), max_bytes=10) == b"faster"
    assert offset_of(rig.client, place) == 6


class Breaking(io.RawIOBase):
    """A body whose connection breaks after its bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readinto(self, buffer: bytearray, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Read; raises ConnectionResetError at the end."""
        if count := self._content.readinto(buffer):
            return count
        raise ConnectionResetError


@pytest.mark.parametrize("arrived", [0, 1, 700, 2500])
def test_what_came_before_the_connection_broke_is_kept(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch, arrived: int
) -> None:
    """Whole parts and the piece of the last one: the client goes on from there."""
    monkeypatch.setattr(receiving, "SMALLEST_PART_BYTES", 1000)
    content = bytes(i % 251 for i in range(4000))
    place = begin(rig.client, len(content))
    rig.client.open(
        place,
        method="PATCH",
        environ_overrides={
            "wsgi.input": Breaking(content[:arrived]),
            "CONTENT_LENGTH": str(len(content)),
        },
        headers={**TUS, "Upload-Offset": "0"},
        content_type=BYTES,
    )
    assert offset_of(rig.client, place) == arrived
    assert append(rig.client, place, arrived, content[arrived:]).status_code == 204
    parts = [read_bytes(rig.storage.uri(key), max_bytes=5000) for key in rig.kept()]
    assert b"".join(parts) == content
    assert max(map(len, parts)) <= 1000


def test_a_finished_upload_is_used_once(rig: ApiRig) -> None:
    """Two jobs would delete each other's bytes; and it cannot be given up any more."""
    content = archive()
    place = begin(rig.client, len(content))
    assert submit(rig, place).status_code == 409
    append(rig.client, place, 0, content)
    assert submit(rig, place).status_code == 202
    assert submit(rig, place).status_code == 409
    assert rig.client.open(place, method="DELETE", headers=TUS).status_code == 409
    assert rig.client.get(place).json["is_used"] is True
    assert len(rig.queue.messages) == 1


def test_a_job_of_an_upload_can_be_sent_again(rig: ApiRig) -> None:
    """Under its key it is the same job, not a conflict."""
    place = begin(rig.client, 5)
    append(rig.client, place, 0, b"uri\na")
    source = {"type": "upload", "id": place.rpartition("/")[2], "as": "manifest", "format": "csv"}
    answers = [
        rig.client.post(
            "/v1/jobs",
            json={"source": source, "options": {"strict": True}},
            headers={"Idempotency-Key": "k"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json["id"] == answers[1].json["id"]
    with rig.database.read() as session:
        stored = source_from_dict(jobs.get(session, answers[0].json["id"]).source)
    assert isinstance(stored, ManifestSource)
    assert (stored.format, stored.strict, len(stored.parts)) == ("csv", True, 1)


@pytest.mark.parametrize("given", ["\0", "", "upload_1", f"upload_{'0' * 31}\0"])
def test_what_is_no_upload_id_is_refused(rig: ApiRig, given: str) -> None:
    """Before the database is asked for it."""
    source = {"type": "upload", "id": given, "as": "archive"}
    answer = rig.client.post("/v1/jobs", json={"source": source})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "source.id"


def test_an_empty_upload_is_no_source(rig: ApiRig) -> None:
    """A file without bytes is finished at once, and holds no image."""
    assert submit(rig, begin(rig.client, 0)).status_code == 409


def test_an_upload_can_be_given_up(rig: ApiRig) -> None:
    """Its bytes go with it."""
    place = begin(rig.client, 10)
    append(rig.client, place, 0, b"abc")
    answer = rig.client.open(place, method="DELETE", headers=TUS)
    assert (answer.status_code, rig.kept()) == (204, [])
    assert rig.client.open(place, method="HEAD", headers=TUS).status_code == 404
    assert append(rig.client, place, 3, b"d").status_code == 404


def test_an_expired_upload_is_gone(rig: ApiRig) -> None:
    """The client must begin anew."""
    place = begin(rig.client, 10)
    with rig.database.write() as session:
        session.execute(update(Upload).values(expires_at=database_time(-1)))
    for answer in (
        rig.client.open(place, method="HEAD", headers=TUS),
        append(rig.client, place, 0, b"a"),
        submit(rig, place),
    ):
        assert answer.status_code == 410
        assert "Upload-Offset" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "0.2.2"}])
def test_another_version_is_refused(rig: ApiRig, headers: dict[str, str]) -> None:
    """The answer names the one that is spoken."""
    place = begin(rig.client, 10)
    for method, path in (("POST", "/v1/uploads"), ("PATCH", place), ("DELETE", place)):
        answer = rig.client.open(path, method=method, headers=headers)
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename !"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename /w=="}, 400),
        ({"Upload-Length": "2000"}, 413),
    ],
)
def test_a_creation_that_is_not_understood_is_refused(
    make_rig: Callable[..., ApiRig], headers: dict[str, str], status: int
) -> None:
    """As a problem, with the protocol's headers."""
    client = make_rig(max_resumable_bytes=1000).client
    answer = client.post("/v1/uploads", headers={**TUS, **headers})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.headers["Tus-Resumable"] == "1.0.0"


def test_an_append_needs_its_type_and_offset(rig: ApiRig) -> None:
    """415 and 400, as the protocol says."""
    place = begin(rig.client, 10)
    typed = rig.client.open(place, method="PATCH", data=b"a", headers={**TUS, "Upload-Offset": "0"})
    assert typed.status_code == 415
    placed = rig.client.open(place, method="PATCH", data=b"a", headers=TUS, content_type=BYTES)
    assert placed.status_code == 400


def test_an_upload_may_be_larger_than_a_request(make_rig: Callable[..., ApiRig]) -> None:
    """The cap on request bodies is for those that are taken as a whole."""
    rig = make_rig(max_upload_bytes=1000)
    add_champion(rig.database)
    place = begin(rig.client, 9_000_000)
    assert append(rig.client, place, 0, bytes(9_000_000)).status_code == 204
    assert len(rig.kept()) == 2
