"""What commands write for scripts: one JSON object a line, and nothing else on standard output."""

import json
import os
import time
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli.lazy import LazyGroup
from cli.main import COMMANDS, main
from core.settings import SHIPPED_MODELS
from db.migrations import newest_revision
from tests.support.api import ApiRig
from tests.unit.cli.conftest import submitted

URL = "https://example.com/hook"
SILENT = {"up", "api", "worker", "beat", "completion"}  # they run on, or write a script


def written(*arguments: str) -> list[dict[str, Any]]:
    """Run a command with --json; return what it writes, without the log of the server."""
    ended = CliRunner().invoke(main, [*arguments, "--json"])
    assert ended.exit_code == 0, ended.output
    lines = ended.stdout.splitlines()
    return [json.loads(line) for line in lines if "request_answered" not in line]


def run_the_next_job(rig: ApiRig) -> None:
    """Wait for a job, and be its worker."""
    while not (found := rig.client.get("/v1/jobs").json["jobs"]):
        time.sleep(0.05)
    rig.worker.run(found[0]["id"])


def test_whatever_is_there_to_read_is_there_as_json() -> None:
    """Every command has the option but those that have nothing to tell."""

    def names(command: click.Command, path: str) -> set[str]:
        if isinstance(command, click.Group) and not isinstance(command, LazyGroup):
            return {
                name
                for child, inner in command.commands.items()
                for name in names(inner, f"{path} {child}")
            }
        return set() if any("--json" in option.opts for option in command.params) else {path}

    context = click.Context(main)
    without: set[str] = set()
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        without |= names(command, name)
    assert without == SILENT


@pytest.mark.usefixtures("rig")
def test_a_job_is_json_whatever_is_done_to_it(faces: Path, tmp_path: Path) -> None:
    """When it is submitted, cancelled and deleted; an export says where it lies."""
    (job,) = written("jobs", "submit", str(faces))
    assert job["state"] == "queued"
    (cancelled,) = written("jobs", "cancel", job["id"])
    assert (cancelled["id"], cancelled["state"]) == (job["id"], "cancelled")
    file = tmp_path / "v.jsonl"
    assert written("jobs", "export", job["id"], str(file)) == [
        {"job": job["id"], "file": str(file), "format": "jsonl", "bytes": 0}
    ]
    assert written("jobs", "delete", job["id"], "--yes") == [{"id": job["id"], "deleted": True}]


def test_a_job_is_json_when_it_is_tried_again(rig: ApiRig, faces: Path) -> None:
    """As it then stands."""
    job_id = submitted(str(faces))
    rig.worker.run(job_id)
    (job,) = written("jobs", "retry", job_id)
    assert (job["id"], job["state"]) == (job_id, "queued")


def test_a_scan_is_json(rig: ApiRig, faces: Path) -> None:
    """Every verdict, and no table."""
    worker = Thread(target=run_the_next_job, args=(rig,))
    worker.start()
    url = f"http://127.0.0.1:{os.environ['FAKESWEEP_API_PORT']}"
    found = written("scan", str(faces), "--url", url)
    worker.join()
    assert [(one["name"], one["label"]) for one in found] == [
        ("a.png", "real"),
        ("broken.png", None),
        ("fake.png", "fake"),
    ]


@pytest.mark.usefixtures("rig")
def test_webhooks_are_json() -> None:
    """With the secret when it is new, and without it ever after."""
    (made,) = written("webhooks", "add", URL)
    assert made["secret"].startswith("whsec_")
    assert written("webhooks", "deliveries", made["id"]) == []
    (ping,) = written("webhooks", "test", made["id"])
    assert [one["id"] for one in written("webhooks", "deliveries", made["id"])] == [ping["id"]]
    for found in (written("webhooks", "list"), written("webhooks", "show", made["id"])):
        assert [(one["id"], one["url"], one["secret"]) for one in found] == [
            (made["id"], URL, None)
        ]
    (again,) = written("webhooks", "redeliver", made["id"], ping["id"])
    assert (again["id"], again["event"]) == (ping["id"], "ping")


@pytest.mark.usefixtures("rig")
def test_webhooks_are_json_whatever_is_done_to_them() -> None:
    """As they then stand; with a new secret, and as gone."""
    (made,) = written("webhooks", "add", URL)
    (rotated,) = written("webhooks", "rotate", made["id"])
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    (changed,) = written("webhooks", "change", made["id"], "--endpoint", f"{URL}/2")
    (disabled,) = written("webhooks", "disable", made["id"])
    (enabled,) = written("webhooks", "enable", made["id"])
    assert [one["enabled"] for one in (changed, disabled, enabled)] == [True, False, True]
    assert {one["url"] for one in (changed, disabled, enabled)} == {f"{URL}/2"}
    assert written("webhooks", "remove", made["id"]) == [{"id": made["id"], "deleted": True}]


@pytest.fixture
def _database(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands that need no server find the database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", sqlite_url)


@pytest.mark.usefixtures("_database")
def test_keys_are_json() -> None:
    """With their limits and use, and the key itself when it is new."""
    assert written("keys", "list") == []
    (made,) = written("keys", "create", "app", "--max-open-jobs", "5")
    key = made.pop("key")
    assert key.startswith(made["shown"])
    (found,) = written("keys", "list")
    assert (found["name"], found["max_open_jobs"], found["open_jobs"]) == ("app", 5, 0)
    assert made == found
    assert key not in json.dumps(found)
    (limited,) = written("keys", "limit", "app", "--max-open-jobs", "none")
    assert limited == found | {"max_open_jobs": None}
    (revoked,) = written("keys", "revoke", "app")
    assert revoked["revoked_at"] is not None
    assert written("keys", "list") == [revoked]


@pytest.mark.usefixtures("_database")
def test_model_versions_are_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With their aliases and cards; so is what is new in the registry."""
    assert written("models", "list") == []
    (synced,) = written("models", "sync")
    (shipped,) = (folder.name for folder in SHIPPED_MODELS.iterdir())
    assert synced["added"] == [shipped]
    (found,) = written("models", "list")
    assert (found["id"], found["aliases"]) == (shipped, ["champion"])
    assert found["card"]["metrics"]
    assert written("models", "promote", shipped) == [found]
    monkeypatch.setenv("FAKESWEEP_REGISTRY_DIR", str(tmp_path))
    assert written("models", "sync")[0]["added"] == []


@pytest.mark.usefixtures("_database")
def test_an_upgrade_is_json() -> None:
    """The revision of the tables."""
    assert written("db", "upgrade") == [{"revision": newest_revision()}]


@pytest.mark.usefixtures("_database")
def test_what_is_purged_is_json() -> None:
    """As numbers."""
    (purged,) = written("purge")
    assert purged["jobs"] == 0
    assert set(map(type, purged.values())) == {int}
