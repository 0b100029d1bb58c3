"""Google's and Azure's stores: prefixes are listed and read as those of S3 are."""

import json
from collections.abc import Iterator

import pytest

from core.access import Access
from core.errors import ItemError, SourceError, StorageError
from core.fetching import ItemReader
from core.objects import open_store
from core.sources import (
    Limits,
    ManifestSource,
    Place,
    PrefixSource,
    Source,
    SourceItem,
    list_items,
)
from core.storage import Storage
from core.terms import ItemCode
from tests.support.clouds import AZURE, GOOGLE, PAGE_KEYS, Cloud, Dialect, cloud

MAX_BYTES = 1000
LIMITS = Limits(
    max_image_bytes=MAX_BYTES,
    max_archive_items=100,
    max_archive_bytes=10**6,
    max_manifest_bytes=10**6,
)


@pytest.fixture(params=[GOOGLE, AZURE], ids=["google", "azure"])
def store(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A store of either kind."""
    dialect: Dialect = request.param
    with cloud(dialect) as serving:
        yield serving


@pytest.fixture
def reader(store: Cloud) -> ItemReader:
    """A reader of the bucket."""
    return ItemReader(max_bytes=MAX_BYTES, access=_access(store))


def _access(store: Cloud) -> Access:
    return Access(f"{store.uri}/kept", allowed_prefixes=[store.uri])


def _list(store: Cloud, source: Source, *, behind: Place | None = None) -> list[SourceItem]:
    listed = list_items(
        source,
        storage=Storage(f"{store.uri}/kept"),
        unpack_prefix="unpacked",
        limits=LIMITS,
        access=_access(store),
        behind=behind,
    )
    return [item for item in listed if isinstance(item, SourceItem)]


def _code(reader: ItemReader, uri: str) -> ItemCode:
    with pytest.raises(ItemError) as caught:
        reader.read(SourceItem(uri=uri, name="a.jpg"))
    return caught.value.code


def test_a_prefix_is_listed_in_pages(store: Cloud) -> None:
    """More keys than fit into one answer come in order, and from the middle on."""
    names = [f"{i:04d}.jpg" for i in range(2 * PAGE_KEYS + 50)]
    for name in reversed(names):
        store.put(f"many/{name}", b"")
    source = PrefixSource(uri=f"{store.uri}/many")
    items = _list(store, source)
    assert [item.name for item in items] == names
    assert store.pages == 3
    behind = Place(count=120, last_uri=items[119].uri)
    assert _list(store, source, behind=behind) == items[120:]


def test_a_prefix_is_listed_like_a_folder_and_read(store: Cloud, reader: ItemReader) -> None:
    """Whatever characters are in a key; what a folder leaves out, and neighbours, are left out."""
    names = ["a b.jpg", "a%20b.jpg", "a#b?c.jpg", "a&<b>.jpg", "deep/er/ü.png", "{x}[y]~'.jpg"]
    for name in names:
        store.put(f"odd/{name}", name.encode())
    for key in ("odd/folder/", "odd/.hidden.jpg", "odd/.git/a.jpg", "odd/a.txt", "oddly/a.jpg"):
        store.put(key, b"")
    for uri in (f"{store.uri}/odd", f"{store.uri}/odd/"):
        items = _list(store, PrefixSource(uri=uri))
        assert sorted(item.name for item in items) == sorted(names)
        assert {item.name: reader.read(item).decode() for item in items} == {
            name: name for name in names
        }


def test_a_manifest_names_objects(store: Cloud, reader: ItemReader) -> None:
    """The list lies in the bucket, as its items do; other buckets are closed."""
    uris = [store.put(f"faces/{i}.jpg", str(i).encode()) for i in range(3)]
    uris.append(store.uri.replace("faces", "another") + "/a.jpg")
    lines = "\n".join(json.dumps({"uri": uri}) for uri in uris)
    manifest = store.put("lists/list.jsonl", lines.encode())
    items = _list(store, ManifestSource(uri=manifest, name="list.jsonl", format="jsonl"))
    assert [reader.read(item) for item in items[:3]] == [b"0", b"1", b"2"]
    assert items[3].fault_code is ItemCode.FORBIDDEN


def test_what_is_not_there_is_told_from_what_is_too_large(store: Cloud, reader: ItemReader) -> None:
    """An object that is missing or has too many bytes is its item's outcome."""
    assert _code(reader, f"{store.uri}/gone.jpg") is ItemCode.FETCH_FAILED
    assert _code(reader, store.put("large.jpg", bytes(MAX_BYTES + 1))) is ItemCode.TOO_LARGE


def test_a_bucket_that_does_not_exist_is_a_sentence(store: Cloud) -> None:
    """The job fails with what to check."""
    elsewhere = store.uri.replace("faces", "not-a-bucket")
    with pytest.raises(SourceError, match="check the bucket's name"):
        _list(store, PrefixSource(uri=f"{elsewhere}/prefix"))


@pytest.mark.parametrize(
    ("store", "variable"),
    [(GOOGLE, "GOOGLE_BEARER_TOKEN"), (AZURE, "AZURE_STORAGE_ACCOUNT_NAME")],
    indirect=["store"],
    ids=["google", "azure"],
)
def test_wrong_credentials_are_a_sentence(
    store: Cloud, reader: ItemReader, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are taken from the environment; the store refuses who shows others."""
    uri = store.put("a.jpg", b"a")
    monkeypatch.setenv(variable, "another")
    open_store.cache_clear()
    assert _code(reader, uri) is ItemCode.FORBIDDEN
    with pytest.raises(SourceError, match="credentials may list it"):
        _list(store, PrefixSource(uri=store.uri))


def test_a_store_in_trouble_heals(store: Cloud, reader: ItemReader) -> None:
    """A few refusals are not seen; more go up, and end when the store is well again."""
    item = SourceItem(uri=store.put("heals.jpg", b"bytes"), name="heals.jpg")
    store.failures = 2
    assert reader.read(item) == b"bytes"
    store.failures = 1000
    with pytest.raises(StorageError):
        _list(store, PrefixSource(uri=store.uri))
    store.failures = 0
    assert [item.name for item in _list(store, PrefixSource(uri=store.uri))] == ["heals.jpg"]
