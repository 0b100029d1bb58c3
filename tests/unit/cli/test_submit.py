"""`fakesweep jobs submit`, through the API of a server on loopback."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from rich.console import Console
from rich.filesize import decimal

from client.resumable import AsyncUploads
from core.sources import ManifestSource, source_from_dict
from db import jobs
from tests.support.api import ApiRig
from tests.unit.cli.conftest import printed, run, submitted


def test_a_folder_is_uploaded_file_by_file(rig: ApiRig, faces: Path) -> None:
    """With names as in the folder, and the options that were given."""
    options = ("--priority", "high", "--metadata", "team=a", "--metadata", "n=1=2", "--rescan")
    job_id = submitted(str(faces), *options, "--faces", "off")
    job = rig.client.get(f"/v1/jobs/{job_id}").json
    assert (job["priority"], job["rescan"], job["faces"]) == ("high", True, "off")
    assert job["metadata"] == {"team": "a", "n": "1=2"}
    rig.worker.run(job_id)
    listed = rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"]
    assert [verdict["name"] for verdict in listed] == ["a.png", "broken.png", "fake.png"]


def test_every_source_has_its_option(rig: ApiRig, faces: Path, tmp_path: Path) -> None:
    """What the server stores tells which it was."""
    archive = tmp_path / "faces.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(faces / "a.png")
    manifest = tmp_path / "list.jsonl"
    manifest.write_text(json.dumps({"uri": (faces / "a.png").as_uri()}))
    for arguments, kind in (
        ([str(faces / "a.png"), str(faces / "fake.png")], "files"),
        (["--archive", str(archive)], "archive"),
        (["--manifest", str(manifest), "--strict"], "manifest"),
        (["--folder", str(faces)], "folder"),
    ):
        job = rig.client.get(f"/v1/jobs/{submitted(*arguments)}").json
        assert job["source"]["type"] == kind


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name one source"),
        (["--prefix", "s3://b/p", "--folder", "/x"], "Name one source"),
        (["--metadata", "x", "--folder", "/x"], "KEY=VALUE"),
        (["--folder", "/x", "--format", "csv"], "--format is that of a list"),
        (["--folder", "/x", "--resume", "upload_1"], "--resume needs the file too"),
        (["--manifest", "s3://b/l", "--resume", "upload_1"], "--resume needs the file too"),
    ],
)
def test_what_cannot_be_submitted_is_said_before_anything_is_sent(
    rig: ApiRig, arguments: list[str], sentence: str
) -> None:
    """One source with what belongs to it, and metadata as pairs."""
    ended = run("submit", *arguments)
    assert ended.exit_code == 2
    assert sentence in ended.stderr
    assert rig.client.get("/v1/jobs").json["jobs"] == []


@pytest.mark.usefixtures("rig")
def test_a_refusal_of_the_server_is_a_sentence() -> None:
    """As the API says it."""
    ended = run("submit", "--folder", "/elsewhere")
    assert ended.exit_code == 1
    assert "Error: " in ended.stderr
    assert "FAKESWEEP_ALLOWED_ROOTS" in ended.stderr


def test_urls_come_from_a_file_or_a_pipe(rig: ApiRig) -> None:
    """One a line; empty lines are nothing."""
    ended = run("submit", "--urls", "-", stdin="https://example.org/a.jpg\n\n")
    (job_id,) = printed(ended)
    assert rig.client.get(f"/v1/jobs/{job_id}").json["source"]["type"] == "urls"
    assert f"fakesweep jobs watch {job_id}" in ended.stderr


def test_the_same_key_makes_one_job(rig: ApiRig, faces: Path) -> None:
    """However often the command is given; without a key, each time is a job."""
    again = [submitted(str(faces), "--idempotency-key", "may") for _ in range(2)]
    assert len(set(again)) == 1
    assert submitted(str(faces)) != submitted(str(faces))
    assert len(rig.client.get("/v1/jobs").json["jobs"]) == 3


def test_the_format_of_a_manifest_can_be_given(rig: ApiRig, tmp_path: Path) -> None:
    """Of one that is uploaded, and of one that the server reads, whatever their names."""
    manifest = tmp_path / "server" / "list.txt"
    manifest.parent.mkdir()
    manifest.write_text("uri\nhttps://example.org/a.jpg\n")
    for place in (str(manifest), manifest.as_uri()):
        job_id = submitted("--manifest", place, "--format", "csv")
        with rig.database.read() as session:
            source = source_from_dict(jobs.get(session, job_id).source)
        assert isinstance(source, ManifestSource)
        assert source.format == "csv"


def test_a_large_upload_is_named_and_goes_on(
    rig: ApiRig, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the command has died, in another one, which makes the one job however often given."""
    archive = tmp_path / "faces.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(faces / "a.png", "a.png")
    monkeypatch.setattr("client.submission.RESUMABLE_FROM_BYTES", 100)
    monkeypatch.setattr("client.resumable.PIECE_BYTES", 50)
    with monkeypatch.context() as patch:
        patch.setattr("client.resumable.AsyncUploads.resume", _send_one_piece)
        cut_off = run("submit", "--archive", str(archive))
    assert "Aborted!" in cut_off.stderr
    (upload_id,) = re.findall(r"--resume (upload_[0-9a-f]{32})", cut_off.stderr)
    assert rig.client.get(f"/v1/uploads/{upload_id}").json["received"] == 50
    again = [submitted("--archive", str(archive), "--resume", upload_id) for _ in range(2)]
    assert len(set(again)) == 1
    rig.worker.run(again[0])
    (verdict,) = rig.client.get(f"/v1/jobs/{again[0]}/verdicts").json["verdicts"]
    assert verdict["name"] == "a.png"


def test_an_upload_shows_how_far_it_is(
    faces: Path, monkeypatch: pytest.MonkeyPatch, rig: ApiRig
) -> None:
    """As a bar of bytes, on a terminal alone."""
    console = Console(file=io.StringIO(), record=True, force_terminal=True, width=100)
    monkeypatch.setattr("cli.working.Console", lambda **_: console)
    job_id = submitted(str(faces))
    size = decimal(sum(path.stat().st_size for path in faces.iterdir()))
    assert f"{size} of {size}" in console.export_text()
    assert rig.client.get(f"/v1/jobs/{job_id}").status_code == 200


async def _send_one_piece(uploads: AsyncUploads, path: Path, upload_id: str, **_: object) -> None:
    """Send the first piece of the file, and die."""
    with path.open("rb") as stream:
        await uploads._send_piece(stream, upload_id, 0, path.stat().st_size)
    raise KeyboardInterrupt
