"""The commands that talk to a server that asks for API keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, png, settings_for
from tests.support.browser import served
from tests.support.rows import add_champion


@pytest.fixture
def rig(tmp_path: Path, sqlite_url: str) -> Iterator[ApiRig]:
    """An application that requires API keys."""
    database = Database(sqlite_url)
    add_champion(database)
    settings = settings_for(tmp_path, database_url=sqlite_url, require_api_keys="always")
    yield ApiRig(settings=settings, database=database, storage=Storage(settings.storage_url))
    database.close()


@pytest.fixture
def url(rig: ApiRig) -> Iterator[str]:
    """Where it is served."""
    with served(rig.app) as url:
        yield url


def run(*arguments: str, key: str = "") -> Result:
    """Run a command with the key in the environment."""
    return CliRunner().invoke(main, list(arguments), env={"FAKESWEEP_API_KEY": key})


def test_the_jobs_of_the_key_are_listed(rig: ApiRig, url: str) -> None:
    """The key comes from the environment."""
    shown = run("jobs", "list", "--url", url, key=rig.add_key("app"))
    assert shown.exit_code == 0
    assert "There are no such jobs." in shown.stdout


def test_without_a_key_the_setting_is_named(url: str) -> None:
    """The error of a person, who can put it right."""
    ended = run("jobs", "list", "--url", url)
    assert ended.exit_code == 2
    assert "asks for an API key: set FAKESWEEP_API_KEY" in ended.stderr


def test_a_key_that_is_not_valid_is_not_shown(url: str, tmp_path: Path) -> None:
    """The sentence says where it came from."""
    key = "fsk_" + "A" * 43
    image = tmp_path / "a.png"
    image.write_bytes(png())
    ended = run("scan", str(image), "--url", url, key=key)
    assert ended.exit_code == 2
    assert "does not take the key in FAKESWEEP_API_KEY" in ended.stderr
    assert key not in ended.output
