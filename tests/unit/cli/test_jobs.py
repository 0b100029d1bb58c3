"""`fakesweep jobs`, through the API of a server on loopback."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from core.storage import Storage
from core.terms import ManifestFaultCode
from db import jobs
from db.models import ManifestFault
from db.session import Database
from tests.support.api import ApiRig, png, settings_for
from tests.support.rows import add_champion
from tests.support.serving import served


@pytest.fixture
def rig(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiRig]:
    """An application that is served, where the commands find it."""
    allowed = [tmp_path / "server"]
    settings = settings_for(tmp_path, database_url=sqlite_url, allowed_roots=allowed)
    rig = ApiRig(settings, Database(sqlite_url), Storage(settings.storage_url))
    add_champion(rig.database)
    with served(rig.app) as url:
        monkeypatch.setenv("FAKESWEEP_API_PORT", url.rpartition(":")[2])
        monkeypatch.setenv("COLUMNS", "200")
        yield rig


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of three images on this machine."""
    folder = tmp_path / "server" / "faces"
    folder.mkdir(parents=True)
    for name in ("a.png", "broken.png", "fake.png"):
        (folder / name).write_bytes(png())
    return folder


def run(*arguments: str, stdin: str | None = None) -> Result:
    """Run a command of `fakesweep jobs`."""
    return CliRunner().invoke(main, ["jobs", *arguments], input=stdin)


def printed(ended: Result) -> list[str]:
    """Return the lines of standard output without the log of the server, which runs in here."""
    assert ended.exit_code == 0, ended.output
    return [line for line in ended.stdout.splitlines() if "request_answered" not in line]


def submitted(*arguments: str) -> str:
    """Submit a job; return its id, all that goes to standard output."""
    (job_id,) = printed(run("submit", *arguments))
    return job_id


def test_a_folder_is_uploaded_file_by_file(rig: ApiRig, faces: Path) -> None:
    """With names as in the folder, and the options that were given."""
    options = ("--priority", "high", "--metadata", "team=a", "--metadata", "n=1=2", "--rescan")
    job_id = submitted(str(faces), *options)
    job = rig.client.get(f"/v1/jobs/{job_id}").json
    assert (job["priority"], job["rescan"]) == ("high", True)
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
    "arguments",
    [[], ["--prefix", "s3://b/p", "--folder", "/x"], ["--metadata", "x", "--folder", "/x"]],
)
def test_what_cannot_be_submitted_is_said_before_anything_is_sent(
    rig: ApiRig, arguments: list[str]
) -> None:
    """One source, and metadata as pairs."""
    ended = run("submit", *arguments)
    assert ended.exit_code == 2
    assert "Name one source" in ended.stderr or "KEY=VALUE" in ended.stderr
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


def test_waiting_ends_with_the_counts(rig: ApiRig, faces: Path) -> None:
    """A job that completed is exit code 0, any other 1."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    assert printed(run("watch", job_id)) == [
        f"Job {job_id} is completed: 3 of 3 images have a verdict. 1 are fake, 0 uncertain, "
        "1 real; 0 not applicable, 1 failed."
    ]
    cancelled = submitted(str(faces))
    run("cancel", cancelled)
    ended = run("watch", cancelled)
    assert ended.exit_code == 1
    assert f"Job {cancelled} is cancelled: 0 of" in ended.stderr


@pytest.mark.usefixtures("rig")
def test_jobs_are_listed_and_found_by_what_they_carry(faces: Path) -> None:
    """As a table for people, as lines of JSON for scripts."""
    first = submitted(str(faces), "--metadata", "team=a")
    second = submitted(str(faces))
    lines = printed(run("list", "--json"))
    assert [json.loads(line)["id"] for line in lines] == [second, first]
    (line,) = printed(run("list", "--metadata", "team=a", "--json"))
    assert json.loads(line)["metadata"] == {"team": "a"}
    assert first in run("list", "--state", "queued").stdout
    assert printed(run("list", "--state", "failed")) == ["There are no such jobs."]


@pytest.mark.usefixtures("rig")
def test_a_job_is_shown(faces: Path) -> None:
    """With its counters; as one object for scripts."""
    job_id = submitted(str(faces), "--metadata", "team=a")
    shown = "\n".join(printed(run("show", job_id)))
    assert job_id in shown
    assert "team=a" in shown
    (line,) = printed(run("show", job_id, "--json"))
    assert json.loads(line)["counters"]["total"] == 0


def test_verdicts_are_shown_and_exported(rig: ApiRig, faces: Path, tmp_path: Path) -> None:
    """Filtered on the terminal; whole as a file, in the format that its name says."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    assert "failed: undecodable" in run("verdicts", job_id, "--outcome", "failed").stdout
    (line,) = printed(run("verdicts", job_id, "--label", "fake", "--json"))
    assert json.loads(line)["name"] == "fake.png"
    assert printed(run("verdicts", job_id, "--label", "uncertain")) == [
        "There are no such verdicts."
    ]
    target = tmp_path / "v.parquet"
    assert f"The verdicts are in {target}" in printed(run("export", job_id, str(target)))[0]
    assert pq.read_table(target).num_rows == 3
    plain = tmp_path / "v.txt"
    assert "bytes of csv" in printed(run("export", job_id, str(plain)))[0]
    assert plain.read_text().startswith("position,name")


def test_faults_are_shown_by_line(rig: ApiRig, tmp_path: Path) -> None:
    """What is wrong with which line of the manifest."""
    manifest = tmp_path / "list.jsonl"
    manifest.write_text('{"uri": "file:///nowhere.png"}\n')
    job_id = submitted("--manifest", str(manifest))
    assert printed(run("faults", job_id)) == ["Every line of the job's list names an image."]
    with rig.database.write() as session:
        row = jobs.get(session, job_id)
        fault = ManifestFault(
            job_id=row.id, line=7, code=ManifestFaultCode.NOT_JSON, message="No JSON."
        )
        session.add(fault)
    (line,) = printed(run("faults", job_id, "--json"))
    assert json.loads(line) == {"line": 7, "code": "not_json", "message": "No JSON."}
    assert "No JSON." in run("faults", job_id).stdout


def test_failed_images_are_scanned_again(rig: ApiRig, faces: Path) -> None:
    """A job that has some is queued anew; one that is open is refused in a sentence."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    (sentence,) = printed(run("retry", job_id))
    assert sentence == f"Job {job_id} is queued; its failed images are scanned again."
    assert run("retry", job_id).exit_code == 1


def test_a_job_is_cancelled_and_deleted(rig: ApiRig, faces: Path) -> None:
    """Deleting asks first; without an answer, the job stays."""
    job_id = submitted(str(faces))
    assert printed(run("cancel", job_id)) == [
        f"Job {job_id} is cancelled; 0 images have a verdict."
    ]
    assert run("delete", job_id, stdin="n\n").exit_code == 1
    assert rig.client.get(f"/v1/jobs/{job_id}").status_code == 200
    assert printed(run("delete", job_id, "--yes")) == [f"Job {job_id} is deleted."]
    assert rig.client.get(f"/v1/jobs/{job_id}").status_code == 404
