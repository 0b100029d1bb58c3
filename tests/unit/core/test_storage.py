"""Storage: bytes kept by key, read by URI, bounded in size."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import ObjectStore

from core.errors import ConfigurationError, ItemError, SourceError
from core.storage import Storage, read_bytes
from core.streams import open_stream
from core.terms import ItemCode


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Storage in a folder of the test's own."""
    return Storage((tmp_path / "kept").as_uri())


@pytest.mark.parametrize("content", [b"abc", io.BytesIO(b"abc"), iter([b"a", b"bc"])])
def test_bytes_files_and_streams_are_kept(storage: Storage, content: bytes) -> None:
    """What is written under a key is read under its URI."""
    uri = storage.write("a/b", content)
    assert uri == storage.uri("a/b")
    assert read_bytes(uri, max_bytes=3) == b"abc"
    with open_stream(uri) as stream:
        stream.seek(1)
        assert stream.read() == b"bc"


def test_a_file_over_the_limit_is_too_large(storage: Storage) -> None:
    """The limit is checked before the bytes are read."""
    uri = storage.write("big", b"1234")
    with pytest.raises(ItemError) as caught:
        read_bytes(uri, max_bytes=3)
    assert caught.value.code is ItemCode.TOO_LARGE


def test_a_missing_file_is_fetch_failed(storage: Storage) -> None:
    """A file that is gone is an item's outcome, not a crash."""
    with pytest.raises(ItemError) as caught:
        read_bytes(storage.uri("gone"), max_bytes=3)
    assert caught.value.code is ItemCode.FETCH_FAILED
    with pytest.raises(SourceError):
        open_stream(storage.uri("gone"))


def test_deleting_a_prefix_leaves_the_rest(storage: Storage) -> None:
    """Everything below the prefix goes, its neighbours stay."""
    gone, kept = storage.write("job/1/a", b"x"), storage.write("job/2/a", b"x")
    storage.delete("job/1")
    with pytest.raises(ItemError):
        read_bytes(gone, max_bytes=3)
    assert read_bytes(kept, max_bytes=3) == b"x"


def test_two_may_delete_the_same_at_once(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another one has just deleted is no fault, and the rest goes all the same."""
    for key in ("job/1/a", "job/1/b", "job/1/c"):
        storage.write(key, b"x")
    delete = obstore.delete

    def delete_after_another(store: ObjectStore, paths: list[str]) -> None:
        monkeypatch.setattr(obstore, "delete", delete)
        delete(store, paths[:1])
        delete(store, paths[:1])  # which is gone by now

    monkeypatch.setattr(obstore, "delete", delete_after_another)
    storage.delete("job/1")
    assert list(storage.names("job")) == []


def test_deleting_takes_along_what_was_not_finished(storage: Storage, tmp_path: Path) -> None:
    """A writer that was killed leaves a file that is never listed, and its folder."""
    storage.write("job/1/a", b"x")
    (tmp_path / "kept" / "job" / "1" / "b#1").write_bytes(b"half of it")
    storage.delete("job/1")
    assert not (tmp_path / "kept" / "job" / "1").exists()


def test_names_are_those_directly_below_a_folder(storage: Storage) -> None:
    """Each once, with a time; there are none below what does not exist."""
    assert list(storage.names("jobs")) == []
    began = datetime.now(UTC) - timedelta(seconds=2)
    for key in ("jobs/1/a/b", "jobs/1/c", "jobs/2/d", "other/3/e"):
        storage.write(key, b"x")
    found = dict(storage.names("jobs"))
    assert found.keys() == {"1", "2"}
    assert all(began < written_at <= datetime.now(UTC) for written_at in found.values())


def test_a_storage_url_that_is_off_is_a_sentence() -> None:
    """An unknown scheme names the setting to correct."""
    with pytest.raises(ConfigurationError, match="FAKESWEEP_STORAGE_URL"):
        Storage("nowhere://bucket")
