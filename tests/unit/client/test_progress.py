"""The bar of `jobs.wait`: there when rich is, and nothing without it."""

import pytest
from rich.console import Console

from client import Client, following, progress
from tests.unit.client.conftest import FakeServer


def test_waiting_shows_a_bar(
    client: Client, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the states as they are seen, and how fast it goes."""
    console = Console(record=True, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    server.states = ["running", "completed"]
    assert client.jobs.wait("job_1", progress=True, poll_s=0).state == "completed"
    assert "10.0 images/s" in console.export_text()


def test_the_bar_says_that_the_server_is_silent() -> None:
    """And for how long, until there is news."""
    console = Console(record=True, force_terminal=True, width=100)
    with progress.JobProgress(console) as bar:
        bar.show_silence(12.3)
    assert "no answer from the server for 12 s" in console.export_text()


def test_without_rich_it_waits_silently(
    client: Client,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The client needs httpx alone."""
    monkeypatch.setattr(following, "find_spec", lambda _name: None)
    server.states = ["completed"]
    assert client.jobs.wait("job_1", progress=True).is_final
    assert capfd.readouterr() == ("", "")
