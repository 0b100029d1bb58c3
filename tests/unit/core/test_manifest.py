"""Manifests: which lines name items, what is wrong with the others, and at what cost."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import Access
from core.errors import SourceError
from core.outbound import Outbound
from core.sources import Limits, LineFault, ManifestSource, Place, SourceItem, list_items
from core.sources.lines import MAX_LINE_BYTES, read_lines
from core.storage import Storage
from core.terms import ItemCode, ManifestFaultCode
from tests.support.web import LOOPBACK, Web, web_server

LIMITS = Limits(
    max_image_bytes=100, max_archive_items=10, max_archive_bytes=100, max_manifest_bytes=10_000
)
SHA256 = "0123456789abcdef" * 4

Form = Literal["jsonl", "csv"]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Storage in a folder of the test's own."""
    return Storage((tmp_path / "storage").as_uri())


@pytest.fixture
def access(storage: Storage) -> Access:
    """Access to a folder, a bucket and a network."""
    return Access(
        storage.uri(""),
        allowed_roots=[Path("/faces")],
        allowed_prefixes=["s3://faces"],
        outbound=Outbound(LOOPBACK),
    )


def _list(
    content: bytes | ManifestSource,
    storage: Storage,
    access: Access,
    *,
    form: Form = "jsonl",
    start: int = 0,
) -> list[SourceItem | LineFault]:
    if isinstance(content, bytes):
        uri = storage.write("manifest", content)
        content = ManifestSource(uri=uri, name="list", format=form)
    return list(
        list_items(
            content,
            storage=storage,
            unpack_prefix="unpacked",
            limits=LIMITS,
            access=access,
            behind=Place(start, "") if start else None,
        )
    )


def _uris(found: list[SourceItem | LineFault]) -> list[str]:
    return [item.uri for item in found if isinstance(item, SourceItem)]


def _faults(found: list[SourceItem | LineFault]) -> dict[int, ManifestFaultCode]:
    return {fault.line: fault.code for fault in found if isinstance(fault, LineFault)}


def test_a_line_of_json_names_an_item(storage: Storage, access: Access) -> None:
    """Its id and digest come along; keys of the client's own are passed over."""
    line = {"uri": "s3://faces/ä #1.jpg", "custom_id": "7", "sha256": SHA256.upper(), "x": [1]}
    assert _list(json.dumps(line).encode(), storage, access) == [
        SourceItem(
            uri="s3://faces/ä #1.jpg", name="s3://faces/ä #1.jpg", custom_id="7", sha256=SHA256
        )
    ]


def test_a_line_of_csv_names_an_item(storage: Storage, access: Access) -> None:
    """Columns come in any order, may be quoted, and may be others than ours."""
    content = (
        b'note,SHA256, uri ,custom_id\r\nx,,"s3://faces/a,b.jpg",7\r\n'
        b"x," + SHA256.encode() + b",s3://faces/c.jpg\r\n"
    )
    assert _list(content, storage, access, form="csv") == [
        SourceItem(uri="s3://faces/a,b.jpg", name="s3://faces/a,b.jpg", custom_id="7"),
        SourceItem(uri="s3://faces/c.jpg", name="s3://faces/c.jpg", sha256=SHA256),
    ]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_files_of_every_editor_are_read(storage: Storage, access: Access, form: Form) -> None:
    """A byte order mark, carriage returns, blank lines and a last line without an end."""
    lines = ['{"uri": "s3://faces/a"}', "", "  ", '{"uri": "s3://faces/b"}']
    if form == "csv":
        lines = ["uri", "s3://faces/a", "", "  ", "s3://faces/b"]
    content = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    assert _uris(_list(content, storage, access, form=form)) == ["s3://faces/a", "s3://faces/b"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"not json", ManifestFaultCode.NOT_JSON),
        (b'{"uri": "s3://faces/\\ud800"}', ManifestFaultCode.NOT_JSON),  # half of a character
        (b'{"uri": "s3://faces/a", "score": NaN}', ManifestFaultCode.NOT_JSON),
        (b'["s3://faces/a"]', ManifestFaultCode.NOT_JSON),
        (b"[" * 60_000, ManifestFaultCode.NOT_JSON),
        (b"1" * 60_000, ManifestFaultCode.NOT_JSON),
        (b'{"uri": "s3://faces/\xff"}', ManifestFaultCode.NOT_TEXT),
        (b"\x00\xff\xfe", ManifestFaultCode.NOT_TEXT),
        (b"{}", ManifestFaultCode.MISSING_URI),
        (b'{"uri": null}', ManifestFaultCode.MISSING_URI),
        (b'{"uri": ""}', ManifestFaultCode.MISSING_URI),
        (b'{"uri": 7}', ManifestFaultCode.INVALID_FIELD),
        (b'{"uri": ["s3://faces/a"]}', ManifestFaultCode.INVALID_FIELD),
        (b'{"uri": "s3://faces/\\u0000"}', ManifestFaultCode.INVALID_FIELD),
        (b'{"uri": "s3://faces/' + b"a" * 5000 + b'"}', ManifestFaultCode.INVALID_FIELD),
        (b'{"uri": "s3://faces/a", "custom_id": 7}', ManifestFaultCode.INVALID_FIELD),
        (b'{"uri": "s3://faces/a", "custom_id": "\\n"}', ManifestFaultCode.INVALID_FIELD),
        (
            b'{"uri": "s3://faces/a", "custom_id": "' + b"a" * 256 + b'"}',
            ManifestFaultCode.INVALID_FIELD,
        ),
        (b'{"uri": "s3://faces/a", "sha256": "abc"}', ManifestFaultCode.INVALID_FIELD),
        (
            b'{"uri": "s3://faces/a", "sha256": "' + b"g" * 64 + b'"}',
            ManifestFaultCode.INVALID_FIELD,
        ),
        (b" " * (MAX_LINE_BYTES + 1), ManifestFaultCode.LINE_TOO_LONG),
    ],
)
def test_a_line_that_names_no_item_is_a_fault(
    storage: Storage, access: Access, line: bytes, code: ManifestFaultCode
) -> None:
    """It has its number, a code and a sentence, and its neighbours are items."""
    content = b"\n".join((b'{"uri": "s3://faces/1"}', line, b'{"uri": "s3://faces/3"}'))
    found = _list(content, storage, access)
    assert _uris(found) == ["s3://faces/1", "s3://faces/3"]
    assert _faults(found) == {2: code}
    assert all(fault.message.endswith(".") for fault in found if isinstance(fault, LineFault))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"s3://faces/a,b.jpg,7,8", ManifestFaultCode.INVALID_FIELD),
        (b'"s3://faces/a', ManifestFaultCode.INVALID_FIELD),
        (b'"s3://faces/a"x,7', ManifestFaultCode.INVALID_FIELD),
        (b",7", ManifestFaultCode.MISSING_URI),
        (b"s3://faces/a,7,abc", ManifestFaultCode.INVALID_FIELD),
    ],
)
def test_a_faulty_line_of_csv_spoils_only_itself(
    storage: Storage, access: Access, line: bytes, code: ManifestFaultCode
) -> None:
    """A quote that is never closed does not swallow the lines that follow."""
    content = b"uri,custom_id,sha256\ns3://faces/2\n" + line + b"\ns3://faces/4\n"
    found = _list(content, storage, access, form="csv")
    assert (_uris(found), _faults(found)) == (["s3://faces/2", "s3://faces/4"], {3: code})


@pytest.mark.parametrize(
    "header", [b"s3://faces/1", b"a,b", b"uri,uri", b'"uri', b"\xff\xfe", b"u" * 100_000]
)
def test_csv_needs_a_line_that_names_its_columns(
    storage: Storage, access: Access, header: bytes
) -> None:
    """Without it no line can be understood, so the job fails with a sentence."""
    with pytest.raises(SourceError, match="first line"):
        _list(header + b"\ns3://faces/2\n", storage, access, form="csv")


def test_a_place_that_is_not_allowed_is_an_item_that_is_forbidden(
    storage: Storage, access: Access
) -> None:
    """The line is sound; what it names is not the client's to read."""
    uris = [
        "/faces/a.jpg",
        "a.jpg",
        "file:///etc/passwd",
        "file:///faces/../etc/passwd",
        "s3://other/a.jpg",
        "ftp://example.com/a.jpg",
        "https://169.254.169.254/latest/meta-data",
        "https://user:secret@example.com/a.jpg",
        storage.uri("uploads/another/a.jpg"),
    ]
    content = "\n".join(json.dumps({"uri": uri, "custom_id": uri[:200]}) for uri in uris).encode()
    found = _list(content, storage, access)
    items = [item for item in found if isinstance(item, SourceItem)]
    assert {item.fault_code for item in items} == {ItemCode.FORBIDDEN}
    assert [item.custom_id for item in items] == uris
    assert not any("secret" in item.name for item in items)


def test_a_signature_in_a_url_is_not_shown(storage: Storage, access: Access) -> None:
    """The item's name is its URL without the query; its bytes are asked for with it."""
    url = "https://example.com/a.jpg?X-Amz-Signature=secret"
    (item,) = _list(json.dumps({"uri": url}).encode(), storage, access)
    assert isinstance(item, SourceItem)
    assert (item.uri, item.name) == (url, "https://example.com/a.jpg")


def test_a_listing_goes_on_with_all_faults_from_the_beginning(
    storage: Storage, access: Access
) -> None:
    """Positions count items only, so that a later planner can count the faults anew."""
    lines = [b'{"uri": "s3://faces/%d"}' % i if i % 2 else b"x" for i in range(1, 10)]
    found = _list(b"\n".join(lines), storage, access, start=3)
    assert _uris(found) == ["s3://faces/7", "s3://faces/9"]
    assert list(_faults(found)) == [2, 4, 6, 8]


def test_a_strict_manifest_with_faults_names_them_all_and_no_item(
    storage: Storage, access: Access
) -> None:
    """The faults come first, then the job fails; without faults it runs."""
    content = b'{"uri": "s3://faces/1"}\nx\n{"uri": "s3://faces/3"}\ny\n'
    source = ManifestSource(
        uri=storage.write("manifest", content), name="list", format="jsonl", strict=True
    )
    listed = list_items(
        source, storage=storage, unpack_prefix="unpacked", limits=LIMITS, access=access
    )
    assert _faults([next(listed), next(listed)]).keys() == {2, 4}
    with pytest.raises(SourceError, match="2 of the"):
        next(listed)
    storage.write("manifest", content.replace(b"x\n", b"").replace(b"y\n", b""))
    assert _uris(_list(source, storage, access)) == ["s3://faces/1", "s3://faces/3"]


class _Endless(io.RawIOBase):
    """One line of a given length, made as it is read."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        size = min(len(buffer), self._left)
        buffer[:size] = b"a" * size
        self._left -= size
        return size


def test_a_line_of_a_hundred_megabytes_takes_no_memory() -> None:
    """It is passed over, with its number."""
    tracemalloc.start()
    try:
        (fault,) = read_lines(io.BufferedReader(_Endless(100_000_000)))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(fault, LineFault)
    assert (fault.line, fault.code) == (1, ManifestFaultCode.LINE_TOO_LONG)
    assert peak_bytes < 1_000_000


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server on an allowed network."""
    with web_server() as server:
        yield server


def test_a_manifest_at_a_url_is_fetched_once(storage: Storage, access: Access, web: Web) -> None:
    """A listing that goes on later reads the same lines, whatever the server has by then."""
    url = web.serve("/list.jsonl", b'{"uri": "s3://faces/1"}\n{"uri": "s3://faces/2"}\n')
    source = ManifestSource(uri=url, name="list", format="jsonl")
    assert _uris(_list(source, storage, access)) == ["s3://faces/1", "s3://faces/2"]
    web.serve("/list.jsonl", b"changed")
    assert _uris(_list(source, storage, access, start=1)) == ["s3://faces/2"]
    assert web.requests == ["GET /list.jsonl"]


@pytest.mark.parametrize(("status", "size"), [(404, 0), (200, 10_001)])
def test_a_manifest_at_a_url_that_cannot_be_had_is_a_sentence(
    storage: Storage, access: Access, web: Web, status: int, size: int
) -> None:
    """What is missing or too large fails the job, and nothing of it is kept."""
    source = ManifestSource(
        uri=web.serve("/list.jsonl", bytes(size), status=status), name="list", format="jsonl"
    )
    with pytest.raises(SourceError):
        _list(source, storage, access)
    assert not storage.has("unpacked/manifest")


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "https://127.0.0.1/list"])
def test_a_manifest_elsewhere_is_not_read(storage: Storage, uri: str) -> None:
    """The rules for items hold for the list itself."""
    source = ManifestSource(uri=uri, name="list", format="jsonl")
    with pytest.raises(SourceError):
        _list(source, storage, Access(storage.uri(""), outbound=Outbound()))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200), form=st.sampled_from(["jsonl", "csv"]))
def test_any_bytes_give_items_faults_or_a_sentence(
    storage: Storage, access: Access, content: bytes, form: Form
) -> None:
    """Each line is an item or a fault, and no other exception comes out."""
    header = b"uri,custom_id\n" if form == "csv" else b""
    found = _list(header + content, storage, access, form=form)
    assert len(found) <= content.count(b"\n") + 1
