"""Sources: what is listed, in which order, and what is refused."""

import io
import os
import shutil
import subprocess
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
    ManifestSource,
    Place,
    Source,
    SourceItem,
    folder,
    list_items,
    source_from_dict,
)
from core.sources.files import list_line
from core.sources.folder import require_allowed
from core.storage import Storage, read_bytes
from core.terms import ItemCode
from tests.support.traps import lay_traps

LIMITS = Limits(
    max_image_bytes=100, max_archive_items=10, max_archive_bytes=100_000, max_manifest_bytes=10**6
)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Storage in a folder of the test's own."""
    return Storage((tmp_path / "storage").as_uri())


def _list(
    source: Source,
    storage: Storage,
    *,
    behind: Place | None = None,
    limits: Limits = LIMITS,
) -> list[SourceItem]:
    listed = list_items(
        source,
        storage=storage,
        unpack_prefix="unpacked",
        limits=limits,
        access=Access(storage.uri("")),
        behind=behind,
    )
    return [item for item in listed if isinstance(item, SourceItem)]


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


def _write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def _behind(items: list[SourceItem], count: int) -> Place:
    return Place(count=count, last_uri=items[count - 1].uri)


def test_a_folder_goes_on_behind_any_of_its_files(tmp_path: Path, storage: Storage) -> None:
    """Wherever it stopped, the files that follow come, and no other; odd names are no matter."""
    _write(tmp_path, "a.jpg", "a/b.jpg", "a/b/c.jpg", "a/b/d.jpg", "a-b.jpg", "ä%/ö #.jpg", "z.png")
    _write(tmp_path, os.fsdecode(b"\xff.jpg"))
    source = FolderSource(path=str(tmp_path))
    items = _list(source, storage)
    assert len(items) == 8
    for count in range(1, 9):
        assert _list(source, storage, behind=_behind(items, count)) == items[count:]


def test_files_that_come_and_go_before_the_place_change_nothing(
    tmp_path: Path, storage: Storage
) -> None:
    """None that is still there is left out, and none comes twice, even if the last one is gone."""
    _write(tmp_path, "a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg", "c/5.jpg")
    source = FolderSource(path=str(tmp_path))
    behind = _behind(_list(source, storage), 3)
    for name in ("a/1.jpg", "b/3.jpg"):
        (tmp_path / name).unlink()
    _write(tmp_path, "a/0.jpg", "a/6/7.jpg", "b/2.jpg", "b/5.jpg", "d.jpg")
    names = [item.name for item in _list(source, storage, behind=behind)]
    assert names == ["b/4.jpg", "b/5.jpg", "c/5.jpg", "d.jpg"]


def test_a_place_whose_folder_is_gone_is_one_all_the_same(tmp_path: Path, storage: Storage) -> None:
    """The listing goes on with what comes behind where the folder was."""
    _write(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    source = FolderSource(path=str(tmp_path))
    behind = _behind(_list(source, storage), 2)
    shutil.rmtree(tmp_path / "b")
    assert [item.name for item in _list(source, storage, behind=behind)] == ["c/3.jpg"]
    _write(tmp_path, "b")
    assert [item.name for item in _list(source, storage, behind=behind)] == ["b", "c/3.jpg"]


def test_a_folder_that_goes_while_it_is_listed_holds_nothing(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and its opening, too; the others are listed."""
    _write(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    looked = folder._is_folder

    def look_and_delete(path: Path) -> bool:
        is_folder = looked(path)
        if path.name == "b":
            shutil.rmtree(path)
        return is_folder

    monkeypatch.setattr(folder, "_is_folder", look_and_delete)
    names = [item.name for item in _list(FolderSource(path=str(tmp_path)), storage)]
    assert names == ["a/1.jpg", "c/3.jpg"]


def test_uploaded_files_go_on_at_their_position(storage: Storage) -> None:
    """Their list does not change; several may have one name and no bytes."""
    items = [SourceItem("", "a.jpg", custom_id=str(i)) for i in range(4)]
    uri = storage.write("items.jsonl", b"".join(list_line(item) for item in items))
    assert _list(FilesSource(uri=uri), storage, behind=_behind(items, 2)) == items[2:]


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


def test_what_is_no_file_is_left_out(tmp_path: Path, storage: Storage) -> None:
    """Pipes, sockets, devices, loops and links out of the folder are no items."""
    secret = tmp_path / "secret.jpg"
    secret.touch()
    lay_traps(tmp_path / "faces", secret)
    (tmp_path / "faces" / "a.jpg").touch()
    items = _list(FolderSource(path=str(tmp_path / "faces")), storage)
    assert [item.name for item in items] == ["a.jpg"]


def test_a_folder_that_becomes_a_link_is_not_followed(tmp_path: Path, storage: Storage) -> None:
    """A folder that is swapped while the listing runs shows nothing of what lies outside."""
    root = tmp_path / "faces"
    for name in ("faces/a/1.jpg", "faces/b/2.jpg", "outside/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    items = list_items(
        FolderSource(path=str(root)),
        storage=storage,
        unpack_prefix="unpacked",
        limits=LIMITS,
        access=Access(storage.uri("")),
    )
    first = next(items)
    (root / "b").rename(tmp_path / "moved")
    (root / "b").symlink_to(tmp_path / "outside")
    assert [first, *items] == [first]


def test_folders_may_be_nested_deeply(tmp_path: Path, storage: Storage) -> None:
    """Deeper than calls can be nested."""
    folder = tmp_path / "faces"
    try:
        for _ in range(1200):
            folder.mkdir()
            folder = folder / "d"
        folder.with_name("a.jpg").touch()
        assert len(_list(FolderSource(path=str(tmp_path / "faces")), storage)) == 1
    finally:  # pytest's own way is a call a folder
        subprocess.run(["rm", "-r", str(tmp_path / "faces")], check=True)


class _TurnOver(Exception):
    """What ends a listing."""


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "manifest"])
def test_a_source_that_yields_nothing_can_be_left(
    tmp_path: Path, storage: Storage, kind: str
) -> None:
    """However much of it is passed over: what is asked in between may end the listing."""
    heeded = 0

    def heed() -> None:
        nonlocal heeded
        heeded += 1
        if heeded == 3:
            raise _TurnOver

    listed = list_items(
        _nothing_in(kind, tmp_path, storage),
        storage=storage,
        unpack_prefix="unpacked",
        limits=LIMITS,
        access=Access(storage.uri("")),
        heed=heed,
    )
    with pytest.raises(_TurnOver):
        next(listed)


def _nothing_in(kind: str, folder: Path, storage: Storage) -> Source:
    """Return a source of a hundred things that are no images, or of lines that are not reached."""
    names = [f"{i}.txt" for i in range(100)]
    match kind:
        case "folder":
            _write(folder / "notes", *names)
            return FolderSource(path=str(folder / "notes"))
        case "manifest":
            lines = b'{"uri": "https://example.com/a.jpg"}\n' * 100
            uri = storage.write("manifest", lines)
            return ManifestSource(uri=uri, name="list", format="jsonl", strict=True)
    file = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, b"")
    else:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name))
    return ArchiveSource(uri=storage.write("archive", file.getvalue()), name="notes")


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


def test_a_source_survives_its_job() -> None:
    """What a job stores of its source is read back the same."""
    source = FolderSource(path="/faces")
    assert source_from_dict(source.model_dump()) == source
