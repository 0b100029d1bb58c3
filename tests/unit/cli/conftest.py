"""What the tests of `fakesweep jobs` share: a server to talk to, and how to run a command."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, png, settings_for
from tests.support.rows import add_champion
from tests.support.serving import served
from tests.support.stack import command


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


@contextmanager
def running(*arguments: str) -> Iterator[Iterator[str]]:
    """Run a command of `fakesweep jobs` as a process, to its end; yield the lines as it writes."""
    words = command("jobs", *arguments)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield (line.rstrip("\n") for line in process.stdout)
        except BaseException:
            process.kill()
            raise


def printed(ended: Result) -> list[str]:
    """Return the lines of standard output without the log of the server, which runs in here."""
    assert ended.exit_code == 0, ended.output
    return [line for line in ended.stdout.splitlines() if "request_answered" not in line]


def submitted(*arguments: str) -> str:
    """Submit a job; return its id, all that goes to standard output."""
    (job_id,) = printed(run("submit", *arguments))
    return job_id
