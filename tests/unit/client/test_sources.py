"""`jobs.submit`: what is given is told apart, and sent the right way."""

from pathlib import Path
from typing import Any

import pytest

from client import Client, InvalidSource, sources
from client.sources import Source
from core import names
from tests.unit.client.conftest import FakeServer

KNOWN = {"uri": "https://a.org/y.jpg", "custom_id": "7"}


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ("s3://b/photos", {"type": "prefix", "uri": "s3://b/photos"}),
        ("s3://b/list.JSONL", {"type": "manifest", "uri": "s3://b/list.JSONL"}),
        ("https://a.org/list.csv?v=1", {"type": "manifest", "uri": "https://a.org/list.csv?v=1"}),
        ("https://a.org/x.jpg", {"type": "urls", "urls": ["https://a.org/x.jpg"]}),
        (["https://a.org/x.jpg", KNOWN], {"type": "urls", "urls": ["https://a.org/x.jpg", KNOWN]}),
    ],
)
def test_what_lies_elsewhere_is_named(
    client: Client, server: FakeServer, given: Source, source: dict[str, Any]
) -> None:
    """A URI is a manifest by its ending, an image behind https, or a prefix."""
    client.jobs.submit(given)
    assert server.body == {"source": source}


@pytest.mark.parametrize("name", ["faces.zip", "faces.tar.zst", "list.csv", "list.jsonl", "a.jpg"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_uploaded(
    client: Client, server: FakeServer, tmp_path: Path, name: str, kind: type
) -> None:
    """As the archive, the manifest or the image that its name says, whether path or text."""
    (tmp_path / name).write_bytes(b"x")
    client.jobs.submit(kind(tmp_path / name))
    field = {"faces": "archive", "list": "manifest"}.get(name.partition(".")[0], "files")
    assert server.fields == {name: field}


def test_a_folder_is_uploaded(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """Its files in their order, named by their path in it, but the hidden ones."""
    for name in ("b/x.png", "a.png", ".hidden/y.png", "b/.z.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    client.jobs.submit(tmp_path)
    assert list(server.fields) == ["a.png", "b/x.png"]


def test_several_files_are_uploaded(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """Given as text or as paths."""
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"x")
    client.jobs.submit([str(tmp_path / "a.png"), tmp_path / "b.png"])
    assert server.fields == {"a.png": "files", "b.png": "files"}


@pytest.mark.parametrize("given", [[], ["a.png", "https://a.org/x.jpg"], [Path("a.png"), KNOWN]])
def test_what_makes_no_job_is_a_sentence(client: Client, server: FakeServer, given: Source) -> None:
    """Nothing, or files and URLs at once; nothing is sent."""
    with pytest.raises(InvalidSource, match="make two jobs"):
        client.jobs.submit(given)
    assert server.requests == []


def test_archives_are_told_by_the_endings_that_the_server_knows() -> None:
    """Which the client cannot look up: it knows nothing of the server's code."""
    assert sources.ARCHIVE_ENDINGS == names.ARCHIVE_ENDINGS


def test_an_empty_folder_is_a_sentence(client: Client, tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(InvalidSource, match=f"There are no files in {tmp_path}"):
        client.jobs.submit(tmp_path)


def test_a_job_is_named_by_its_id_or_given_whole(client: Client, server: FakeServer) -> None:
    """Wherever one is asked for."""
    server.states = ["running", "completed"]
    job = client.jobs.get("job_1")
    assert client.jobs.wait(job).state == "completed"
    assert len(list(client.jobs.verdicts(job))) == 6
    client.jobs.delete(job)
    assert server.requests[-1] == ("DELETE", "/v1/jobs/job_1")
