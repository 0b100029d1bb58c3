"""Files read as one tar archive, which lies nowhere."""

import io
import tarfile
from pathlib import Path

import pytest

from client import UploadError
from client.tarred import TarredFiles

NAMES = ["a.png", "folder/b.png", "empty.png", f"{'long' * 20}/{'é' * 60}.png", "even.bin"]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Files of several lengths, one of them none and one of whole blocks."""
    paths = [tmp_path / name for name in NAMES]
    for path, size in zip(paths, (1, 1000, 0, 513, 1024), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(position % 251 for position in range(size)))
    return paths


def test_the_archive_holds_the_files(paths: list[Path], tmp_path: Path) -> None:
    """Named by their path under the root, in their order."""
    archive = TarredFiles(paths, root=tmp_path)
    whole = archive.read(archive.size + 1)
    assert len(whole) == archive.size
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as found:
        members = found.getmembers()
        assert [member.name for member in members] == NAMES
        for member, path in zip(members, paths, strict=True):
            content = found.extractfile(member)
            assert content is not None
            assert content.read() == path.read_bytes()
    assert archive.name == f"{tmp_path.name}.tar"


@pytest.mark.parametrize("size", [1, 100, 511, 512, 3000])
def test_it_can_be_read_from_anywhere(paths: list[Path], tmp_path: Path, size: int) -> None:
    """The same bytes, whatever was read before."""
    archive = TarredFiles(paths, root=tmp_path)
    whole = archive.read(archive.size)
    for offset in range(0, archive.size, size)[::-1]:
        archive.seek(offset)
        assert archive.read(size) == whole[offset : offset + size]


def test_a_file_that_changes_size_is_noticed(paths: list[Path]) -> None:
    """What it grew by is left out; one that shrank, or is gone, ends with a sentence."""
    archive = TarredFiles(paths, root=None)
    whole = archive.read(archive.size)
    paths[0].write_bytes(b"\0 and more")
    archive.seek(0)
    assert archive.read(archive.size) == whole
    paths[1].write_bytes(b"")
    archive.seek(0)
    with pytest.raises(UploadError, match="became shorter"):
        archive.read(archive.size)
    paths[1].unlink()
    archive.seek(0)
    with pytest.raises(UploadError, match="cannot be read"):
        archive.read(archive.size)
