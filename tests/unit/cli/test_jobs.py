"""`fakesweep jobs`, through the API of a server on loopback."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from cli.main import main
from core.terms import ManifestFaultCode
from db import jobs
from db.models import ManifestFault
from tests.support.api import ApiRig
from tests.unit.cli.conftest import printed, run, running, submitted


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


def test_verdicts_are_written_as_they_land(rig: ApiRig, faces: Path) -> None:
    """One a line, each before the next is there; the counts come last."""
    job_id = submitted(str(faces))
    rig.worker.plan(job_id, shard_size=1)
    with running("watch", job_id, "--verdicts") as lines:
        for shard_id, line in zip(
            rig.worker.waiting(job_id)[::-1],
            [
                "fake 0.970       fake.png",
                "failed: undecodable  broken.png",
                "real 0.030       a.png",
            ],
            strict=True,
        ):
            rig.worker.finish(shard_id)
            assert next(lines) == line
        assert "is completed: 3 of 3 images" in next(lines)


def test_what_is_watched_is_json_for_scripts(rig: ApiRig, faces: Path) -> None:
    """The verdicts alone, or else the job as it ended; the sentence goes to standard error."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    ended = run("watch", job_id, "--verdicts", "--json")
    found = [json.loads(line) for line in printed(ended)]
    assert [verdict["name"] for verdict in found] == ["a.png", "broken.png", "fake.png"]
    assert f"Job {job_id} is completed" in ended.stderr
    (line,) = printed(run("watch", job_id, "--json"))
    assert (json.loads(line)["id"], json.loads(line)["state"]) == (job_id, "completed")


@pytest.mark.usefixtures("rig")
def test_a_job_that_was_stopped_is_an_error_in_json_too(faces: Path) -> None:
    """The job is written, and the exit code is 1."""
    job_id = submitted(str(faces))
    run("cancel", job_id)
    ended = run("watch", job_id, "--json")
    assert ended.exit_code == 1
    assert f'"id": "{job_id}"' in ended.stdout
    assert f"Job {job_id} is cancelled" in ended.stderr


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


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--priority", "low"), 1),
        (("--priority", "high"), 0),
        (("--created-after", "2020-01-01", "--created-before", "2999-01-01T00:00:00+02:00"), 2),
        (("--created-after", "2999-01-01 12:00"), 0),
        (("--created-before", "2020-01-01T00:00:00Z"), 0),
    ],
)
@pytest.mark.usefixtures("rig")
def test_jobs_are_found_by_priority_and_time(
    faces: Path, filters: tuple[str, ...], found: int
) -> None:
    """A time without a zone is in UTC, as the list shows it."""
    submitted(str(faces), "--priority", "low")
    submitted(str(faces))
    assert len(printed(run("list", "--json", *filters))) == found


@pytest.mark.usefixtures("rig")
def test_a_time_that_is_none_is_a_sentence() -> None:
    """It says how to write one."""
    ended = run("list", "--created-after", "yesterday")
    assert ended.exit_code == 2
    assert "Write yesterday as 2026-11-24" in ended.stderr


@pytest.mark.usefixtures("rig")
def test_a_job_is_shown(faces: Path) -> None:
    """With its counters and options; as one object for scripts."""
    options = ("--metadata", "team=a", "--expires-in", "60", "--max-failure-ratio", "0.25")
    job_id = submitted(str(faces), *options, "--rescan", "--faces", "off")
    shown = "\n".join(printed(run("show", job_id)))
    for part in (job_id, "team=a", "25.0%", "expires (UTC)", "rescan", "faces"):
        assert part in shown
    (line,) = printed(run("show", job_id, "--json"))
    assert json.loads(line)["counters"]["total"] == 0


def test_verdicts_are_shown_and_exported(rig: ApiRig, faces: Path, tmp_path: Path) -> None:
    """Filtered on the terminal; whole as a file, in the format that its name says."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    assert "failed: undecodable" in run("verdicts", job_id, "--outcome", "failed").stdout
    (line,) = printed(run("verdicts", job_id, "--label", "fake", "--json"))
    assert json.loads(line)["name"] == "fake.png"
    (line,) = printed(run("verdicts", job_id, "--min-score", "0.5", "--max-score", "1", "--json"))
    assert json.loads(line)["name"] == "fake.png"
    assert run("verdicts", job_id, "--max-score", "1.5").exit_code == 2
    assert printed(run("verdicts", job_id, "--label", "uncertain")) == [
        "There are no such verdicts."
    ]
    target = tmp_path / "v.parquet"
    assert f"The verdicts are in {target}" in printed(run("export", job_id, str(target)))[0]
    assert pq.read_table(target).num_rows == 3
    plain = tmp_path / "v.txt"
    assert "bytes of csv" in printed(run("export", job_id, str(plain)))[0]
    assert plain.read_text().startswith("id,position,name")


@pytest.mark.parametrize("limit", ["-1", "0"])
@pytest.mark.parametrize(
    "command", ["jobs list", "jobs verdicts job_1", "webhooks deliveries wh_1"]
)
def test_a_list_has_at_least_one_line(command: str, limit: str) -> None:
    """Asking for less is a mistake of the command line, said in a sentence."""
    ended = CliRunner().invoke(main, [*command.split(), "--limit", limit])
    assert ended.exit_code == 2
    assert f"{limit} is not in the range x>=1" in ended.stderr


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


def test_feedback_is_shown_and_json_for_scripts(rig: ApiRig, faces: Path) -> None:
    """What people say of the verdicts, in submission order."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    assert printed(run("feedback", job_id)) == [
        "Nobody has said yet whether a verdict of the job is right."
    ]
    said = {"truth": "fake", "note": "A mask."}
    rig.client.post(f"/v1/verdicts/{job_id}-0/feedback", json=said)
    (line,) = printed(run("feedback", job_id, "--json"))
    found = json.loads(line)
    assert {name: found[name] for name in said} == said
    assert (found["name"], found["label"], found["is_right"]) == ("a.png", "real", False)
    assert "A mask." in run("feedback", job_id).stdout


def test_failed_images_are_scanned_again(rig: ApiRig, faces: Path) -> None:
    """A job that has some is queued anew; one that is open is refused in a sentence."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    (sentence,) = printed(run("retry", job_id))
    assert sentence == f"Job {job_id} is queued; its failed images are scanned again."
    assert run("retry", job_id).exit_code == 1


def test_images_that_failed_with_a_code_are_scanned_again(rig: ApiRig, faces: Path) -> None:
    """And those only; the sentence says which."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    (line,) = printed(run("verdicts", job_id, "--code", "undecodable", "--json"))
    assert json.loads(line)["outcome"] == "failed"
    refused = run("retry", job_id, "--code", "fetch_failed")
    assert (refused.exit_code, "`fetch_failed`" in refused.stderr) == (1, True)
    (sentence,) = printed(run("retry", job_id, "--code", "fetch_failed", "--code", "undecodable"))
    which = "its images that failed with fetch_failed or undecodable are scanned again."
    assert sentence == f"Job {job_id} is queued; {which}"


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
