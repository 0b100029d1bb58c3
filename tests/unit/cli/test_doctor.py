"""`fakesweep doctor`: what it says of installations that are well, and of broken ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from cli.doctor import command, machine, services
from cli.doctor.finding import Check, Status
from cli.main import main
from core.registry import ESSENTIAL, Registry, write_checksums
from core.storage import Storage
from db import model_versions
from db.session import Database
from tests.support.api import ApiRig, settings_for
from tests.support.serving import served


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A folder with one model version, whose files nobody loads here."""
    version = tmp_path / "registry" / "face-1"
    version.mkdir(parents=True)
    for name in ESSENTIAL:
        (version / name).write_text("{}")
    write_checksums(version)
    return version.parent


@pytest.fixture(autouse=True)
def _installation(
    registry: Path, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the settings name this installation; its model and its disk are of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAKESWEEP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FAKESWEEP_REGISTRY_DIR", str(registry))
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("FAKESWEEP_API_PORT", "9")
    monkeypatch.setattr(
        command, "loader", lambda _settings: lambda _name: SimpleNamespace(device="toaster")
    )
    let_be_free(100, monkeypatch)


@pytest.fixture
def rig(registry: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiRig]:
    """The installation's API, served, with the model version as its champion."""
    settings = settings_for(registry.parent, database_url=sqlite_url, registry_dir=registry)
    rig = ApiRig(settings, Database(sqlite_url), Storage(settings.storage_url))
    with rig.database.write() as session:
        model_versions.sync(session, Registry(registry).list())
    with served(rig.app) as url:
        monkeypatch.setenv("FAKESWEEP_API_PORT", url.rpartition(":")[2])
        yield rig


def let_be_free(gib: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk have so much room."""
    monkeypatch.setattr(
        machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=gib * machine.GIB)
    )


def examine() -> tuple[Result, dict[str, tuple[str, str]]]:
    """Run the doctor; return how it ended, and each check's status and sentence."""
    ended = CliRunner().invoke(main, ["doctor", "--json"])
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    return ended, {line["check"]: (line["status"], line["message"]) for line in lines}


def test_what_is_well_is_said(
    rig: ApiRig, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part has its line; that nobody scans yet is a warning, and exit code 1."""
    monkeypatch.setenv("BROKER_URL", broker_url)
    ended, found = examine()
    assert {name: status for name, (status, _) in found.items() if status != "ok"} == {
        "workers": "warning"
    }
    assert "start one with `fakesweep worker`" in found["workers"][1]
    assert "face-1 runs on the device toaster" in found["device"][1]
    assert "is fakesweep" in found["api"][1]
    assert ended.exit_code == 1
    assert rig.kept() == ["readiness"]


def test_people_read_a_line_for_each_check() -> None:
    """The status, the check, the sentence."""
    ended = CliRunner().invoke(main, ["doctor"])
    first = ended.stdout.splitlines()[0].split()
    assert first[:3] == ["ok", "packages", "Python"]


def test_an_installation_that_was_never_started_has_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `fakesweep up` will make is named, and not made by looking."""
    data = tmp_path / "new" / "data"
    monkeypatch.setenv("FAKESWEEP_DATA_DIR", str(data))
    monkeypatch.delenv("FAKESWEEP_DATABASE_URL")
    ended, found = examine()
    assert ended.exit_code == 1
    assert "`fakesweep up`" in found["database"][1]
    assert "`fakesweep up` starts it" in found["broker"][1]
    assert "not registered yet" in found["model"][1]
    assert not data.parent.exists()


def test_an_altered_model_is_a_fault(registry: Path) -> None:
    """The file is named, and the exit code is 2."""
    (registry / "face-1" / "config.json").write_text("altered")
    ended, found = examine()
    assert found["model"][0] == "fault"
    assert "config.json of model version face-1 is missing or was altered" in found["model"][1]
    assert ended.exit_code == 2


def test_a_model_that_was_replaced_is_a_fault(rig: ApiRig, registry: Path) -> None:
    """Also when its checksums were made anew."""
    (registry / "face-1" / "config.json").write_text("altered")
    write_checksums(registry / "face-1")
    assert "not those that were registered" in examine()[1]["model"][1]
    assert rig.client.get("/healthz").status_code == 200


def test_old_tables_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that brings them up to date."""
    (tmp_path / "old.db").touch()
    monkeypatch.setenv("FAKESWEEP_DATABASE_URL", f"sqlite:///{tmp_path}/old.db")
    status, sentence = examine()[1]["database"]
    assert (status, "run `fakesweep db upgrade`" in sentence) == ("fault", True)


def test_settings_that_are_not_valid_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are named; what needs settings is not looked at."""
    monkeypatch.setenv("FAKESWEEP_LEASE_S", "never")
    ended, found = examine()
    assert list(found) == ["packages", "settings"]
    assert "FAKESWEEP_LEASE_S" in found["settings"][1]
    assert ended.exit_code == 2


def test_a_broker_that_does_not_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """When one was named: that of this machine comes with the stack."""
    monkeypatch.setenv("BROKER_URL", "redis://127.0.0.1:9/0")
    found = examine()[1]
    assert found["broker"][0] == "fault"
    assert "does not answer" in found["broker"][1]


def test_a_folder_that_cannot_be_written_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one below a file."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("FAKESWEEP_DATA_DIR", str(tmp_path / "file" / "data"))
    status, sentence = examine()[1]["data folder"]
    assert (status, "set FAKESWEEP_DATA_DIR" in sentence) == ("fault", True)


@pytest.mark.parametrize(("free", "status"), [(0.1, "fault"), (2, "warning"), (99, "ok")])
def test_little_room_is_said(free: float, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In time, and louder when uploads are about to be refused."""
    let_be_free(free, monkeypatch)
    assert machine.look_at_disk(command.load_settings())[0] == status


def test_packages_that_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are missing, and those of another version; extras are nobody's need."""
    needed = ["click<1", "not-there>=2", "nor-this>=1; extra == 'dev'", "httpx"]
    monkeypatch.setattr(machine, "requires", lambda _name: needed)
    status, sentence = machine.look_at_packages()
    assert status == "fault"
    assert "click " in sentence
    assert "<1 is needed; not-there is missing. Install" in sentence


def test_an_api_of_another_release_is_a_warning(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was not restarted after an update."""
    monkeypatch.setattr(services, "version", lambda _name: "99.0")
    status, sentence = services.look_at_api(command.load_settings())
    assert (status, "restart the API" in sentence) == ("warning", True)
    assert rig.client.get("/openapi.json").json["info"]["version"] != "99.0"


def test_a_check_that_breaks_is_a_finding() -> None:
    """The others must be heard all the same."""

    def look() -> tuple[Status, str]:
        raise ZeroDivisionError("by zero")

    found = Check("broken", look).run()
    assert (found.status, "ZeroDivisionError: by zero" in found.message) == ("fault", True)
