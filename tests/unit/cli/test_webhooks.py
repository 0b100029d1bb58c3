"""`fakesweep webhooks`, through the API of a server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from core.storage import Storage
from db import deliveries
from db.session import Database
from tests.support.api import ApiRig, settings_for
from tests.support.browser import served

URL = "https://example.com/hook"


@pytest.fixture
def database(sqlite_url: str) -> Database:
    """The server's database."""
    return Database(sqlite_url)


@pytest.fixture(autouse=True)
def address(
    database: Database, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Serve the application, and let the commands find it."""
    settings = settings_for(tmp_path, database_url=sqlite_url)
    rig = ApiRig(settings, database, Storage(settings.storage_url))
    with served(rig.app) as url:
        monkeypatch.setenv("FAKESWEEP_API_PORT", url.rpartition(":")[2])
        monkeypatch.setenv("COLUMNS", "80")
        yield url


def webhooks(*arguments: str) -> Result:
    """Run a command of `fakesweep webhooks`."""
    return CliRunner().invoke(main, ["webhooks", *arguments])


def printed(ended: Result) -> list[str]:
    """Return the lines of standard output without the log of the server, which runs in here."""
    return [line for line in ended.stdout.splitlines() if "request_answered" not in line]


def added(*arguments: str) -> str:
    """Add a webhook; return its id."""
    assert webhooks("add", URL, *arguments).exit_code == 0
    return next(word for word in webhooks("list").stdout.split() if word.startswith("wh_"))


def test_the_secret_alone_goes_to_standard_output() -> None:
    """When a webhook is added, and when its secret is rotated."""
    made = webhooks("add", URL)
    (secret,) = printed(made)
    assert secret.startswith("whsec_")
    assert "cannot be shown again" in made.stderr
    shown = webhooks("list").stdout
    webhook_id = next(word for word in shown.split() if word.startswith("wh_"))
    rotated = webhooks("rotate", webhook_id)
    (new,) = printed(rotated)
    assert new != secret
    assert "the old one signs as well" in rotated.stderr
    assert "old secret until" in webhooks("show", webhook_id).stdout


def test_a_webhook_is_shown_and_removed() -> None:
    """With its address, its events and its state."""
    webhook_id = added("--event", "job.failed", "--event", "job.expired")
    webhooks("disable", webhook_id)
    shown = webhooks("show", webhook_id).stdout
    for part in (webhook_id, URL, "job.failed, job.expired", "disabled"):
        assert part in shown
    assert "enabled" in webhooks("enable", webhook_id).stdout
    assert webhooks("remove", webhook_id).exit_code == 0
    assert "There are no webhooks" in webhooks("list").stdout


def test_a_webhook_is_changed() -> None:
    """Its address or its events; the other one stays."""
    webhook_id = added("--event", "job.failed")
    moved = webhooks("change", webhook_id, "--endpoint", f"{URL}/2").stdout
    assert f"hears of job.failed at {URL}/2\n" in moved
    options = ("--event", "job.expired", "--event", "job.completed")
    assert f"hears of job.completed, job.expired at {URL}/2\n" in (
        webhooks("change", webhook_id, *options).stdout
    )
    refused = webhooks("change", webhook_id)
    assert refused.exit_code == 2
    assert "Name what to change" in refused.stderr


def test_deliveries_say_how_they_went(database: Database) -> None:
    """Why the last attempt failed, and when the next one follows."""
    webhook_id = added()
    assert "Nothing was sent yet." in webhooks("deliveries", webhook_id).stdout
    ping = next(word for word in webhooks("test", webhook_id).stdout.split() if "msg_" in word)
    with database.write() as session:
        claim = deliveries.claim_due(session, lease_s=60)
        assert claim is not None
        deliveries.mark_failed(
            session, claim, status=500, error="The receiver answered 500.", again_in_s=300
        )
    shown = webhooks("deliveries", webhook_id).stdout
    for part in (ping, "pending", "The receiver answered 500. Again at"):
        assert part in shown
    assert "on its way again" in webhooks("redeliver", webhook_id, ping).stdout


def test_what_the_server_refuses_is_a_sentence() -> None:
    """Without a traceback, with exit code 1."""
    ended = webhooks("add", "https://127.0.0.1/hook")
    assert ended.exit_code == 1
    assert "127.0.0.1" in ended.stderr
    assert "FAKESWEEP_OUTBOUND_ALLOWED_NETWORKS" in ended.stderr
    assert webhooks("show", "wh_" + "0" * 32).exit_code == 1
