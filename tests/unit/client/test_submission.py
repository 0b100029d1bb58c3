"""Making jobs: every source, with options, sent again where that is safe."""

from pathlib import Path

import pytest
from flask import Response

from client import Client, ConnectionFailed, InvalidKey, JobOptions
from tests.unit.client.conftest import FakeServer

OPTIONS = JobOptions(priority="high", metadata={"team": "a"}, rescan=True, faces="off")


def test_sources_elsewhere_are_named_in_json(client: Client, server: FakeServer) -> None:
    """A prefix, URLs with what is known of them, a manifest by its URI."""
    items = ["https://a.org/x.jpg", {"uri": "https://a.org/y.jpg", "custom_id": "7"}]
    for submit, source in (
        (lambda: client.jobs.submit_prefix("s3://b/p"), {"type": "prefix", "uri": "s3://b/p"}),
        (lambda: client.jobs.submit_urls(items), {"type": "urls", "urls": items}),
        (
            lambda: client.jobs.submit_manifest("s3://b/list.csv"),
            {"type": "manifest", "uri": "s3://b/list.csv"},
        ),
        (
            lambda: client.jobs.submit_manifest("s3://b/list", format="csv"),
            {"type": "manifest", "uri": "s3://b/list", "format": "csv"},
        ),
    ):
        assert submit().state == "queued"
        assert server.body == {"source": source}


def test_options_go_with_either_body(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """As an object in JSON, as a text part beside files."""
    client.jobs.submit_folder("/faces", options=OPTIONS)
    assert server.body["options"] == OPTIONS.body()
    (tmp_path / "a.png").write_bytes(b"x")
    client.jobs.submit_files([tmp_path / "a.png"], options=OPTIONS)
    assert server.options == OPTIONS.body()
    assert server.uploads == {"a.png": b"x"}


def test_a_manifest_on_this_machine_is_uploaded(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """A path means this machine, a string means where the server finds it."""
    (tmp_path / "list.jsonl").write_bytes(b"{}\n")
    client.jobs.submit_manifest(tmp_path / "list.jsonl")
    assert server.uploads == {"list.jsonl": b"{}\n"}


def test_a_request_is_sent_again_under_one_key(client: Client, server: FakeServer) -> None:
    """The one that was given, or one made up for the call: it makes one job either way."""
    server.failures = [Response(status=503)]
    assert client.jobs.submit_folder("/faces", idempotency_key="k-1").state == "queued"
    server.failures = [Response(status=503)]
    assert client.jobs.submit_folder("/faces").state == "queued"
    first, second, third, fourth = server.keys
    assert first == second == "k-1"
    assert third == fourth != "k-1"


@pytest.mark.parametrize("key", ["", "two words", "caf\u00e9", "a\nb", "k" * 256])
def test_a_key_that_cannot_be_one_is_not_sent(client: Client, server: FakeServer, key: str) -> None:
    """It would break the header, or be taken for none."""
    with pytest.raises(InvalidKey, match="choose another"):
        client.jobs.submit_folder("/faces", idempotency_key=key)
    assert server.requests == []


def test_files_are_read_anew_when_they_are_sent_again(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """From their first byte."""
    (tmp_path / "a.png").write_bytes(b"whole")
    server.failures = [Response(status=503)]
    client.jobs.submit_files([tmp_path / "a.png"], idempotency_key="k")
    assert server.uploads == {"a.png": b"whole"}


def test_a_server_that_is_away_is_one_sentence() -> None:
    """However often it was tried."""
    with (
        Client("http://127.0.0.1:1", attempts=1) as client,
        pytest.raises(ConnectionFailed, match="does not answer"),
    ):
        client.jobs.submit_prefix("s3://b/p", idempotency_key="k")
