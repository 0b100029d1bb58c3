"""Sources: what is listed, in which order, and what is refused."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from core.access import Access
from core.errors import SourceError
from core.sources import (
    ArchiveSource,
    FilesSource,
    FolderSource,
    Limits,
    Source,
    SourceItem,
    list_items,
    source_from_dict,
)
from core.sources.files import list_line
from core.sources.folder import require_allowed
from core.storage import Storage, read_bytes
from core.terms import ItemCode

LIMITS = Limits(
    max_image_bytes=100, max_archive_items=10, max_archive_bytes=500, max_manifest_bytes=10**6
)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Storage in a folder of the test's own."""
    return Storage((tmp_path / "storage").as_uri())


def _list(
    source: Source,
    storage: Storage,
    *,
    start: int = 0,
    limits: Limits = LIMITS,
) -> list[SourceItem]:
    listed = list_items(
        source,
        storage=storage,
        unpack_prefix="unpacked",
        limits=limits,
        access=Access(storage.uri("")),
        start=start,
    )
    return [item for item in listed if isinstance(item, SourceItem)]


def _zip(tmp_path: Path, members: dict[str, bytes]) -> ArchiveSource:
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return ArchiveSource(uri=path.as_uri(), name=path.name)


def test_a_folder_is_listed_in_path_order_with_its_nested_folders(
    tmp_path: Path, storage: Storage
) -> None:
    """Names are relative paths; hidden files and files that are no images are left out."""
    root = tmp_path / "faces"
    for name in ("b.jpg", "a/z.png", "a/ä ö#%.jpg", "no-ending", ".hidden.jpg", "notes.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    items = _list(FolderSource(path=str(root)), storage)
    assert [item.name for item in items] == ["a/z.png", "a/ä ö#%.jpg", "b.jpg", "no-ending"]
    assert [read_bytes(item.uri, max_bytes=100).decode() for item in items] == [
        item.name for item in items
    ]


def test_listing_goes_on_where_it_stopped(tmp_path: Path, storage: Storage) -> None:
    """`start` skips what an earlier planner has written."""
    for i in range(5):
        (tmp_path / f"{i}.jpg").touch()
    names = [item.name for item in _list(FolderSource(path=str(tmp_path)), storage, start=3)]
    assert names == ["3.jpg", "4.jpg"]


def test_links_out_of_the_folder_are_left_out(tmp_path: Path, storage: Storage) -> None:
    """A symbolic link is followed only inside the folder."""
    (tmp_path / "secret.jpg").touch()
    root = tmp_path / "faces"
    root.mkdir()
    (root / "real.jpg").touch()
    (root / "inside.jpg").symlink_to(root / "real.jpg")
    (root / "outside.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "up").symlink_to(tmp_path)
    names = [item.name for item in _list(FolderSource(path=str(root)), storage)]
    assert names == ["inside.jpg", "real.jpg"]


def test_a_missing_folder_is_a_sentence(tmp_path: Path, storage: Storage) -> None:
    """The job's error names the folder."""
    with pytest.raises(SourceError, match="does not exist"):
        _list(FolderSource(path=str(tmp_path / "gone")), storage)


@pytest.mark.parametrize("path", ["/etc", "faces", "{root}/../other", "{root}/missing"])
def test_only_folders_under_an_allowed_root_may_be_named(tmp_path: Path, path: str) -> None:
    """Other folders, relative paths, climbing paths and missing folders are refused."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "other").mkdir()
    with pytest.raises(SourceError):
        require_allowed(path.format(root=root), [root])


def test_an_allowed_folder_is_taken(tmp_path: Path) -> None:
    """The root itself and what is below it are fine."""
    (tmp_path / "below").mkdir()
    assert require_allowed(str(tmp_path / "below"), [tmp_path]) == (tmp_path / "below").resolve()


def test_uploaded_files_come_back_as_they_were_listed(storage: Storage) -> None:
    """The list of an upload round-trips, faults included."""
    items = [
        SourceItem(uri="file:///0", name="ü.jpg", custom_id="a"),
        SourceItem("", "big.jpg", fault_code=ItemCode.TOO_LARGE, fault_message="Too large."),
    ]
    uri = storage.write("items.jsonl", b"".join(list_line(item) for item in items))
    assert _list(FilesSource(uri=uri), storage) == items


def test_zip_members_are_unpacked_into_storage(tmp_path: Path, storage: Storage) -> None:
    """Each member is an item whose bytes are kept; names cannot lead out of storage."""
    source = _zip(tmp_path, {"a.jpg": b"a", "../../b.jpg": b"b", "d/": b"", "d/c.txt": b"c"})
    items = _list(source, storage)
    assert [item.name for item in items] == ["a.jpg", "../../b.jpg"]
    assert [read_bytes(item.uri, max_bytes=10) for item in items] == [b"a", b"b"]
    assert all(item.uri.startswith(storage.uri("unpacked/")) for item in items)


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_tar_members_are_unpacked_in_order(tmp_path: Path, storage: Storage, mode: str) -> None:
    """Plain and compressed tar files work; links and folders in them are left out."""
    path = tmp_path / "faces.tar"
    with tarfile.open(path, mode) as archive:  # pyright: ignore[reportCallIssue, reportArgumentType] - modes as text
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name in ("b.jpg", "a.jpg"):
            entry = tarfile.TarInfo(name)
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
    items = _list(ArchiveSource(uri=path.as_uri(), name="faces.tar"), storage)
    assert [read_bytes(item.uri, max_bytes=10) for item in items] == [b"b.jpg", b"a.jpg"]


def test_a_member_that_is_too_large_is_an_item_with_a_fault(
    tmp_path: Path, storage: Storage
) -> None:
    """One oversized member spoils only itself."""
    items = _list(_zip(tmp_path, {"big.jpg": b"x" * 101, "ok.jpg": b"x"}), storage)
    assert [(item.name, item.fault_code) for item in items] == [
        ("big.jpg", ItemCode.TOO_LARGE),
        ("ok.jpg", None),
    ]


@pytest.mark.parametrize(
    "members",
    [{f"{i}.jpg": b"" for i in range(11)}, {f"{i}.jpg": b"x" * 99 for i in range(6)}],
    ids=["members", "bytes"],
)
def test_an_archive_bomb_is_stopped(
    tmp_path: Path, storage: Storage, members: dict[str, bytes]
) -> None:
    """Too many members, or too many bytes in all, fail the job with the limit."""
    with pytest.raises(SourceError, match="more than"):
        _list(_zip(tmp_path, members), storage)


def test_what_is_no_archive_is_a_sentence(tmp_path: Path, storage: Storage) -> None:
    """The sentence says which formats are understood."""
    path = tmp_path / "faces.zip"
    path.write_bytes(b"not an archive")
    with pytest.raises(SourceError, match="must be a zip or tar file"):
        _list(ArchiveSource(uri=path.as_uri(), name="faces.zip"), storage)


def test_a_source_survives_its_job() -> None:
    """What a job stores of its source is read back the same."""
    source = FolderSource(path="/faces")
    assert source_from_dict(source.model_dump()) == source
