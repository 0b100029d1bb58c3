"""Sources and storage on a real S3-compatible server: listed in pages, read, kept, healed."""

import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from core.access import Access
from core.errors import ConfigurationError, ItemError, SourceError, StorageError
from core.fetching import ItemReader
from core.objects import open_store
from core.outbound import Outbound
from core.sources import (
    ArchiveSource,
    Limits,
    ManifestSource,
    Place,
    PrefixSource,
    Source,
    SourceItem,
    StoredPart,
    list_items,
)
from core.storage import Storage
from core.terms import ItemCode
from tests.support.buckets import BUCKET, Buckets, reached_through_a_proxy, s3_server
from tests.support.web import LOOPBACK, web_server

LIMITS = Limits(
    max_image_bytes=1000, max_archive_items=100, max_archive_bytes=10**6, max_manifest_bytes=10**6
)
ACCESS = Access(
    f"s3://{BUCKET}/kept",
    allowed_prefixes=[f"s3://{BUCKET}"],
    outbound=Outbound(LOOPBACK),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Buckets]:
    """A server for the module's tests, each under a prefix of its own."""
    with s3_server() as buckets, reached_through_a_proxy(buckets):
        yield buckets


@pytest.fixture
def buckets(server: Buckets) -> Iterator[Buckets]:
    """The server, which fails only when a test says so."""
    server.failures = 0
    yield server
    server.failures = 0


@pytest.fixture
def reader() -> ItemReader:
    """A reader of the bucket."""
    return ItemReader(max_bytes=1000, access=ACCESS)


def _list(source: Source, *, behind: Place | None = None) -> list[SourceItem]:
    storage = Storage(ACCESS.storage_url)
    listed = list_items(
        source,
        storage=storage,
        unpack_prefix="unpacked",
        limits=LIMITS,
        access=ACCESS,
        behind=behind,
    )
    return [item for item in listed if isinstance(item, SourceItem)]


def test_a_prefix_is_listed_in_pages(buckets: Buckets) -> None:
    """More keys than fit into one answer come in order, and from the middle on."""
    names = [f"{i:04d}.jpg" for i in range(1100)]
    for name in reversed(names):
        buckets.put(f"many/{name}", b"")
    source = PrefixSource(uri=f"s3://{BUCKET}/many")
    items = _list(source)
    assert [item.name for item in items] == names
    for count in (999, 1000, 1099, 1100):
        behind = Place(count=count, last_uri=items[count - 1].uri)
        assert [item.name for item in _list(source, behind=behind)] == names[count:]


def test_objects_that_come_and_go_before_the_place_change_nothing(buckets: Buckets) -> None:
    """A listing goes on behind the key of its last item, whatever that is written with."""
    names = ["a b.jpg", "a#b?c.jpg", "a%20b.jpg", "deep/er/ü.png", "{x}[y]~'.jpg"]
    for name in names:
        buckets.put(f"changing/{name}", b"")
    source = PrefixSource(uri=f"s3://{BUCKET}/changing")
    items = _list(source)
    assert [item.name for item in items] == names
    buckets.put("changing/a a.jpg", b"")
    Storage(f"s3://{BUCKET}/changing").delete(names[0])
    for count, item in enumerate(items, start=1):
        assert _list(source, behind=Place(count, item.uri)) == items[count:]


def test_a_prefix_is_listed_like_a_folder(buckets: Buckets, reader: ItemReader) -> None:
    """Markers of folders, hidden keys, other files and neighbours are left out."""
    names = ["a b.jpg", "a%20b.jpg", "a#b?c.jpg", "deep/er/ü.png", "no-ending", "{x}[y]~'.jpg"]
    for name in names:
        buckets.put(f"odd/{name}", name.encode())
    for name in (
        "odd/folder/",
        "odd/.hidden.jpg",
        "odd/.git/a.jpg",
        "odd/notes.txt",
        "oddly/a.jpg",
    ):
        buckets.put(name, b"")
    for uri in (f"s3://{BUCKET}/odd", f"s3://{BUCKET}/odd/"):
        items = _list(PrefixSource(uri=uri))
        assert {item.name for item in items} == set(names)
        assert {item.name: reader.read(item).decode() for item in items} == {
            name: name for name in names
        }


@pytest.mark.usefixtures("buckets")
def test_a_prefix_without_objects_is_empty() -> None:
    """The planner says that there is nothing to scan."""
    assert _list(PrefixSource(uri=f"s3://{BUCKET}/nothing-here")) == []


@pytest.mark.usefixtures("buckets")
def test_a_bucket_that_does_not_exist_is_a_sentence() -> None:
    """The job fails with what to check."""
    with pytest.raises(SourceError, match="check the bucket's name"):
        _list(PrefixSource(uri="s3://not-a-bucket/prefix"))


def test_a_manifest_in_a_bucket_names_objects(buckets: Buckets, reader: ItemReader) -> None:
    """The list and its items are read by URI, those that are not there end as failed."""
    uris = [buckets.put(f"faces/{i}.jpg", str(i).encode()) for i in range(3)]
    uris.append(f"s3://{BUCKET}/faces/gone.jpg")
    lines = "\n".join(json.dumps({"uri": uri}) for uri in [*uris, "s3://another/a.jpg"])
    manifest = buckets.put("lists/list.jsonl", lines.encode())
    items = _list(ManifestSource(uri=manifest, name="list.jsonl", format="jsonl"))
    assert [reader.read(item) for item in items[:3]] == [b"0", b"1", b"2"]
    with pytest.raises(ItemError) as caught:
        reader.read(items[3])
    assert caught.value.code is ItemCode.FETCH_FAILED
    assert items[4].fault_code is ItemCode.FORBIDDEN


@pytest.mark.usefixtures("buckets")
def test_a_manifest_that_is_not_there_is_a_sentence() -> None:
    """The job fails at once, not after tries."""
    with pytest.raises(SourceError, match="does not exist"):
        _list(ManifestSource(uri=f"s3://{BUCKET}/no-list", name="no-list", format="csv"))


def test_objects_over_the_limit_are_not_read(buckets: Buckets, reader: ItemReader) -> None:
    """Their size is known before their bytes come."""
    uri = buckets.put("large.jpg", bytes(1001))
    with pytest.raises(ItemError) as caught:
        reader.read(SourceItem(uri=uri, name="large.jpg"))
    assert caught.value.code is ItemCode.TOO_LARGE


@pytest.mark.usefixtures("buckets")
def test_uploads_are_kept_in_a_bucket(reader: ItemReader) -> None:
    """Written in parts, read back, unpacked from parts, and deleted by prefix."""
    storage = Storage(ACCESS.storage_url)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(5):
            archive.writestr(f"{i}.jpg", str(i).encode())
    content = file.getvalue()
    pieces = [content[start : start + 100] for start in range(0, len(content), 100)]
    parts = [
        StoredPart(uri=storage.write(f"parts/{i}", iter([piece])), size=len(piece))
        for i, piece in enumerate(pieces)
    ]
    items = _list(ArchiveSource(uri=parts[0].uri, name="a.zip", parts=parts))
    assert [reader.read(item) for item in items] == [b"0", b"1", b"2", b"3", b"4"]
    assert storage.has("unpacked/00000000")
    storage.delete("unpacked")
    assert not storage.has("unpacked/00000000")
    assert storage.has("parts/0")


@pytest.mark.usefixtures("buckets")
def test_a_list_at_a_url_is_kept_in_a_bucket() -> None:
    """It is streamed from one to the other."""
    with web_server() as web:
        line = json.dumps({"uri": f"s3://{BUCKET}/faces/0.jpg"}).encode() + b"\n"
        source = ManifestSource(
            uri=web.serve("/list.jsonl", line * 100), name="list.jsonl", format="jsonl"
        )
        assert len(_list(source)) == 100
    Storage(ACCESS.storage_url).delete("unpacked")


def test_names_in_a_bucket_are_found_without_listing_all(buckets: Buckets) -> None:
    """One with more objects than fit into an answer comes once, and those behind it come."""
    storage = Storage(f"s3://{BUCKET}/named")
    for i in range(1100):
        buckets.put(f"named/uploads/job_2/items/{i:04d}", b"")
    for key in ("job_1/a", "job_1/b", "job_20/a", "job_3/a/b/c"):
        buckets.put(f"named/uploads/{key}", b"")
    buckets.put("named/uploads-of-others/a", b"")
    assert [name for name, _ in storage.names("uploads")] == ["job_1", "job_2", "job_20", "job_3"]
    assert list(storage.names("nothing")) == []


def test_a_server_in_trouble_heals(buckets: Buckets, reader: ItemReader) -> None:
    """A few refusals are not seen; more go up, and end when the server is well again."""
    item = SourceItem(uri=buckets.put("heals.jpg", b"bytes"), name="heals.jpg")
    buckets.failures = 2
    assert reader.read(item) == b"bytes"
    buckets.failures = 1000
    with pytest.raises(StorageError):
        reader.read(item)
    with pytest.raises(StorageError):
        _list(PrefixSource(uri=f"s3://{BUCKET}/faces"))
    buckets.failures = 0
    assert reader.read(item) == b"bytes"


def test_azure_without_an_account_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """For an item it may heal, for the installation's own storage it does not start."""
    open_store.cache_clear()
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(StorageError, match="Account must be specified"):
        open_store("az://faces")
    with pytest.raises(ConfigurationError, match="FAKESWEEP_STORAGE_URL"):
        Storage("az://faces/kept")
