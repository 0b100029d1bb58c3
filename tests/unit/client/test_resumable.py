"""Large files sent in pieces, against the real application in memory."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client import (
    ApiError,
    Client,
    ClientError,
    FileItem,
    InvalidSource,
    UnexpectedAnswer,
    UploadError,
    resumable,
)
from core.sources import ArchiveSource, ManifestSource, Source, source_from_dict
from core.storage import Storage, read_bytes
from db import jobs
from db.session import Database
from tests.support.api import ApiRig, png, settings_for
from tests.support.rows import add_champion
from tests.unit.client.test_webhooks import Declining

PIECE_BYTES = 100


@pytest.fixture
def rig(sqlite_url: str, tmp_path: Path) -> ApiRig:
    """An application with a champion."""
    settings = settings_for(tmp_path, database_url=sqlite_url)
    rig = ApiRig(settings, Database(sqlite_url), Storage(settings.storage_url))
    add_champion(rig.database)
    return rig


@pytest.fixture
def client(rig: ApiRig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of it for which a few bytes are a large file."""
    monkeypatch.setattr(resumable, "PIECE_BYTES", PIECE_BYTES)
    monkeypatch.setattr("client.submission.RESUMABLE_FROM_BYTES", PIECE_BYTES)
    transport = httpx.WSGITransport(app=rig.app)
    with Client("http://localhost", transport=transport, attempts=1) as client:
        yield client


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A zip file of several pieces."""
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(4):
            file.writestr(f"{number}.png", png())
    return path


def source_of(rig: ApiRig, job_id: str) -> Source:
    """Return what the job stores of its source."""
    with rig.database.read() as session:
        return source_from_dict(jobs.get(session, job_id).source)


def begin(client: Client, path: Path, *, pieces: int) -> str:
    """Send some pieces of the file as a process that dies then; return the upload's id."""
    upload_id = client.uploads.begin(path)

    def die(received: int, _size: int) -> None:
        if received >= pieces * PIECE_BYTES:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        client.uploads.resume(path, upload_id, on_progress=die)
    return upload_id


def test_the_upload_is_named_before_its_bytes_are_sent(
    rig: ApiRig, client: Client, archive: Path
) -> None:
    """So that whoever hears of it can go on, whatever happens next."""
    seen: list[tuple[str, int]] = []

    def note(upload_id: str) -> None:
        seen.append((upload_id, rig.client.get(f"/v1/uploads/{upload_id}").json["received"]))

    client.jobs.submit_archive(archive, on_upload=note)
    [(upload_id, received)] = seen
    assert received == 0
    assert rig.client.get(f"/v1/uploads/{upload_id}").json["is_used"]


def test_another_process_goes_on_with_an_upload(rig: ApiRig, client: Client, archive: Path) -> None:
    """From where the server says, and the job gets the file as it was."""
    upload_id = begin(client, archive, pieces=2)
    begun = client.uploads.get(upload_id)
    assert (begun.name, begun.received) == ("faces.zip", 2 * PIECE_BYTES)
    job = client.jobs.submit_archive(archive, upload_id=upload_id)
    source = source_of(rig, job.id)
    assert isinstance(source, ArchiveSource)
    stored = b"".join(read_bytes(part.uri, max_bytes=part.size) for part in source.parts)
    assert stored == archive.read_bytes()


def test_going_on_once_too_often_makes_no_second_job(client: Client, archive: Path) -> None:
    """Whoever did not hear of the job is told of it; another one cannot have the upload."""
    upload_id = begin(client, archive, pieces=1)
    first = client.jobs.submit_archive(archive, upload_id=upload_id)
    assert client.jobs.submit_archive(archive, upload_id=upload_id).id == first.id
    with pytest.raises(ApiError, match="already uses the upload"):
        client.jobs.submit_archive(archive, upload_id=upload_id, idempotency_key="another")


def test_an_upload_begins_and_is_given_up_when_the_server_was_busy(
    rig: ApiRig, archive: Path
) -> None:
    """Both are asked for again."""
    application = httpx.WSGITransport(app=rig.app)
    with Client("http://localhost", transport=Declining(application)) as client:
        upload_id = client.uploads.begin(archive)
        client.uploads.delete(upload_id)
    assert rig.client.get(f"/v1/uploads/{upload_id}").status_code == 404


def test_more_files_than_a_request_takes_go_as_an_archive(
    rig: ApiRig, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, made on the way; every file has its verdict under its path."""
    monkeypatch.setattr("client.submission.MAX_FILES", 2)
    folder = tmp_path / "faces"
    (folder / "in").mkdir(parents=True)
    names = ["a.png", "b.png", "in/c.png"]
    for name in names:
        (folder / name).write_bytes(png())
    seen: list[tuple[int, int]] = []
    files = [folder / name for name in names]
    job = client.jobs.submit_files(
        files, root=folder, on_progress=lambda sent, size: seen.append((sent, size))
    )
    assert (job.source["type"], job.source["name"]) == ("archive", "faces.tar")
    assert len(seen) > 3
    assert seen[-1][0] == seen[-1][1] > 3 * len(png())
    rig.worker.run(job.id)
    assert [verdict.name for verdict in client.jobs.verdicts(job)] == names


def test_more_bytes_than_a_request_takes_go_as_an_archive(
    client: Client, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is around the files counts."""
    monkeypatch.setattr("client.submission.MAX_BYTES", archive.stat().st_size)
    assert client.jobs.submit(archive.parent).source["type"] == "archive"


def test_ids_cannot_go_with_more_files_than_a_request_takes(
    rig: ApiRig, client: Client, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is said before anything is sent."""
    monkeypatch.setattr("client.submission.MAX_FILES", 0)
    with pytest.raises(InvalidSource, match="Make several jobs of them"):
        client.jobs.submit_files([FileItem(archive, custom_id="7")])
    assert rig.kept() == []


@pytest.mark.parametrize("from_bytes", [PIECE_BYTES, 10**9])
def test_sending_says_how_far_it_is(
    client: Client, archive: Path, monkeypatch: pytest.MonkeyPatch, from_bytes: int
) -> None:
    """In pieces and in one request: so many bytes of all."""
    monkeypatch.setattr("client.submission.RESUMABLE_FROM_BYTES", from_bytes)
    size = archive.stat().st_size
    for submit in (client.jobs.submit_archive, client.jobs.submit_manifest):
        seen: list[tuple[int, int]] = []
        submit(archive, on_progress=lambda sent, whole, seen=seen: seen.append((sent, whole)))
        assert seen[-1] == (size, size)
        assert seen == sorted(seen)


class Away(httpx.BaseTransport):
    """Nothing listens for so many requests, once the first piece has arrived."""

    def __init__(self, to: httpx.BaseTransport, requests: int) -> None:
        self._to = to
        self._left = requests
        self._has_arrived = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse the connection, or hand the request on."""
        if self._has_arrived and self._left:
            self._left -= 1
            raise httpx.ConnectError("Connection refused", request=request)
        self._has_arrived |= request.method == "PATCH"
        return self._to.handle_request(request)


def test_an_upload_goes_on_with_a_server_that_was_started_again(
    rig: ApiRig, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though that takes longer than a request is tried."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    monkeypatch.setattr(resumable, "PIECE_BYTES", PIECE_BYTES)
    transport = Away(httpx.WSGITransport(app=rig.app), requests=20)
    with Client("http://localhost", transport=transport, attempts=2) as client:
        upload_id = client.uploads.send(archive)
        assert client.uploads.get(upload_id).received == archive.stat().st_size


def test_a_file_of_another_size_is_refused(client: Client, archive: Path, tmp_path: Path) -> None:
    """Before any of its bytes are mixed with those of the other."""
    upload_id = begin(client, archive, pieces=1)
    other = tmp_path / "other.zip"
    other.write_bytes(b"x" * 300)
    with pytest.raises(UploadError, match="has 300 bytes, and the upload"):
        client.jobs.submit_archive(other, upload_id=upload_id)


@pytest.mark.parametrize(
    ("upload_id", "error"),
    [("upload_" + "0" * 32, ApiError), ("gone", ApiError), ("../models", UnexpectedAnswer)],
)
def test_an_upload_that_is_not_there_is_said(
    client: Client, archive: Path, upload_id: str, error: type[ClientError]
) -> None:
    """Whatever was given as its id."""
    with pytest.raises(error):
        client.jobs.submit_archive(archive, upload_id=upload_id)


@pytest.mark.parametrize("lines", [1, 20])
def test_a_manifest_has_the_format_that_is_given(
    rig: ApiRig, client: Client, tmp_path: Path, lines: int
) -> None:
    """Whether it goes up in one request or in pieces."""
    manifest = tmp_path / "list.txt"
    manifest.write_text("uri\n" + "https://example.org/a.jpg\n" * lines)
    source = source_of(rig, client.jobs.submit_manifest(manifest, format="csv").id)
    assert isinstance(source, ManifestSource)
    assert (source.format, bool(source.parts)) == ("csv", lines > 1)
