"""Exports that the client saves to disk."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client import ApiError, Client, ConnectionFailed, DownloadError
from tests.unit.client.conftest import FakeServer
from tests.unit.client.test_client import refusal


def test_saves_the_file_that_was_asked_for(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """Streamed to its place, with the format and the filters."""
    client.jobs.export("job_1", tmp_path / "v.jsonl", format="jsonl", label="fake")
    assert (tmp_path / "v.jsonl").read_bytes() == b"position,name"
    assert server.requests == [("GET", "/v1/jobs/job_1/export?format=jsonl&label=fake")]


def test_a_busy_server_is_asked_again(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """Too many streams are open now and then."""
    server.failures = [refusal(503, **{"Retry-After": "5"})]
    client.jobs.export("job_1", tmp_path / "v.csv")
    assert (tmp_path / "v.csv").exists()


def test_a_refusal_leaves_no_file(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """The problem is raised as for any request."""
    server.failures = [refusal(422)]
    with pytest.raises(ApiError, match="not valid"):
        client.jobs.export("job_1", tmp_path / "v.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_file_never_replaces_a_whole_one(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """A connection that breaks off leaves the file of the time before, and no other."""
    (tmp_path / "v.csv").write_text("old")

    def breaking() -> Iterator[bytes]:
        yield b"new"
        raise httpx.ReadError("broken")

    server.file = breaking()
    with pytest.raises(ConnectionFailed, match="broke off"):
        client.jobs.export("job_1", tmp_path / "v.csv")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("v.csv", "old")]


def test_a_place_that_cannot_be_written_is_named(client: Client, tmp_path: Path) -> None:
    """One sentence with the path."""
    with pytest.raises(DownloadError, match=r"no/v.csv cannot be written \(No such file"):
        client.jobs.export("job_1", tmp_path / "no" / "v.csv")
