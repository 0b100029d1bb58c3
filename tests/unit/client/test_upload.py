"""Uploads are streamed from disk, one open file at a time."""

import resource
from pathlib import Path

import pytest

from client import Client, FileItem, UploadError
from client.upload import LazyFile
from tests.unit.client.conftest import FakeServer


def test_sends_files_named_by_their_path_under_the_root(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """Two files of one name in two folders stay apart."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(folder.encode())
    client.jobs.submit_files(sorted(tmp_path.rglob("*.png")), root=tmp_path)
    assert server.uploads == {"a/x.png": b"a", "b/x.png": b"b"}


def test_what_is_known_of_files_goes_beside_them(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """In their order, with nothing for a plain path; without any, nothing is said."""
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    for path in (first, second):
        path.write_bytes(path.name.encode())
    client.jobs.submit_files([first, FileItem(second, custom_id="7", sha256="ab" * 32)])
    assert list(server.uploads) == ["a.png", "b.png"]
    assert server.items == [{}, {"custom_id": "7", "sha256": "ab" * 32}]
    client.jobs.submit_files([first, FileItem(second)])
    assert server.items is None


def test_a_file_outside_the_root_is_named_by_its_name(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """A path that leads out of the root is nobody's business."""
    (tmp_path / "inner").mkdir()
    for path in (tmp_path / "out.png", tmp_path / "inner" / "in.png"):
        path.write_bytes(b"x")
    paths = [tmp_path / "out.png", tmp_path / "inner" / "in.png"]
    client.jobs.submit_files(paths, root=tmp_path / "inner")
    assert list(server.uploads) == ["out.png", "in.png"]


def test_sends_an_archive(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """An archive is one part, whatever its size."""
    archive = tmp_path / "images.zip"
    archive.write_bytes(b"z" * 200_000)
    client.jobs.submit_archive(archive)
    assert server.uploads == {"images.zip": b"z" * 200_000}


def test_sends_more_files_than_may_be_open(
    client: Client, server: FakeServer, tmp_path: Path
) -> None:
    """The number of files is not bound by the limit on open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    paths = [tmp_path / f"{number}.png" for number in range(300)]
    for path in paths:
        path.write_bytes(b"x")
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        client.jobs.submit_files(paths)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(server.uploads) == 300


def test_an_empty_file_is_sent(client: Client, server: FakeServer, tmp_path: Path) -> None:
    """No bytes are bytes too: the verdict will say what is wrong."""
    (tmp_path / "empty.png").touch()
    client.jobs.submit_files([tmp_path / "empty.png"])
    assert server.uploads == {"empty.png": b""}


def test_a_missing_file_is_one_sentence(client: Client, tmp_path: Path) -> None:
    """The file is named, before anything is sent."""
    with pytest.raises(UploadError, match=r"gone.png cannot be read \(No such file"):
        client.jobs.submit_files([tmp_path / "gone.png"])


def test_a_file_that_changes_size_is_noticed(tmp_path: Path) -> None:
    """What it grew by is left out; a file that shrank ends the upload with a sentence."""
    path = tmp_path / "x.png"
    path.write_bytes(b"12345")
    grown, shrunk = LazyFile(path), LazyFile(path)
    path.write_bytes(b"1234567")
    assert grown.read(100) + grown.read(100) == b"12345"
    path.write_bytes(b"12")
    assert shrunk.read(100) == b"12"
    with pytest.raises(UploadError, match="became shorter"):
        shrunk.read(100)
