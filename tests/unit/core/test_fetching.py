"""The reader of items: what it reads, what is final, what goes up to be tried again."""

import errno
import hashlib
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from core.access import Access
from core.errors import ItemError, StorageError
from core.fetching import ATTEMPTS, ItemReader
from core.outbound import Outbound
from core.sources import SourceItem
from core.storage import Storage
from core.terms import ItemCode
from tests.support.traps import lay_traps
from tests.support.web import LOOPBACK, Web, reply, web_server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed folder."""
    root = tmp_path / "allowed"
    root.mkdir()
    return root


@pytest.fixture
def reader(tmp_path: Path, root: Path) -> ItemReader:
    """A reader of an allowed folder, an allowed network and storage."""
    access = Access(
        (tmp_path / "storage").as_uri(),
        allowed_roots=[root],
        allowed_prefixes=["s3://faces/open"],
        outbound=Outbound(LOOPBACK),
    )
    return ItemReader(max_bytes=100, access=access)


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server on an allowed network."""
    with web_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without the pause."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_slashes_lead_to_no_other_place(tmp_path: Path, slashes: str) -> None:
    """With everything allowed, our storage is closed however its path is written."""
    access = Access((tmp_path / "storage").as_uri(), allowed_roots=[Path("/")])
    inside = f"file://{slashes}{tmp_path}/storage/image.jpg"
    assert access.refusal(inside) is not None
    assert access.is_stored(inside)
    assert access.refusal(f"file://{slashes}{tmp_path}/image.jpg") is None


def _read(reader: ItemReader, uri: str, *, sha256: str | None = None) -> bytes:
    return reader.read(SourceItem(uri=uri, name="x", sha256=sha256))


def _code(reader: ItemReader, uri: str, *, sha256: str | None = None) -> ItemCode:
    with pytest.raises(ItemError) as caught:
        _read(reader, uri, sha256=sha256)
    assert caught.value.message.endswith(".")
    return caught.value.code


def test_files_of_an_allowed_root_are_read(reader: ItemReader, root: Path) -> None:
    """Whatever their names are."""
    file = root / "ä #?%41.jpg"
    file.write_bytes(b"bytes")
    assert _read(reader, file.as_uri()) == b"bytes"
    (root / "link.jpg").symlink_to(file)
    assert _read(reader, (root / "link.jpg").as_uri()) == b"bytes"


def test_what_is_kept_in_storage_is_read(reader: ItemReader, tmp_path: Path) -> None:
    """Uploads lie in storage, which is no allowed root."""
    uri = Storage((tmp_path / "storage").as_uri()).write("a/b", b"bytes")
    assert _read(reader, uri) == b"bytes"


def test_other_places_are_forbidden(reader: ItemReader, tmp_path: Path, root: Path) -> None:
    """Files, buckets and URLs that the administrator did not open are not touched."""
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    for uri in (
        (tmp_path / "secret.jpg").as_uri(),
        f"{root.as_uri()}/../secret.jpg",
        f"{root.as_uri()}/%2e%2e/secret.jpg",
        f"{root.as_uri()}beside/secret.jpg",
        "file:///etc/passwd",
        "file://elsewhere/etc/passwd",
        "s3://faces/closed/a.jpg",
        "s3://faces/open/../closed/a.jpg",
        "s3://faces/opened/a.jpg",
        "s3://other/a.jpg",
        "gs://faces/open/a.jpg",
        "https://10.0.0.1/a.jpg",
        "ftp://example.com/a.jpg",
        "a.jpg",
        "/etc/passwd",
        "memory:///a",
        "",
    ):
        assert _code(reader, uri) is ItemCode.FORBIDDEN, uri


def test_storage_inside_an_allowed_root_is_still_closed(tmp_path: Path) -> None:
    """A client that may name a folder may not name other clients' uploads in it."""
    access = Access((tmp_path / "storage").as_uri(), allowed_roots=[tmp_path])
    assert access.refusal((tmp_path / "storage" / "uploads" / "a").as_uri()) is not None
    assert access.refusal((tmp_path / "a.jpg").as_uri()) is None
    uri = Storage((tmp_path / "storage").as_uri()).write("uploads/a", b"another's")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "storage" / "uploads" / "a")
    reader = ItemReader(max_bytes=100, access=access)
    assert _code(reader, (tmp_path / "link.jpg").as_uri()) is ItemCode.FORBIDDEN
    assert _read(reader, uri) == b"another's"


def test_links_out_of_storage_are_not_followed(reader: ItemReader, tmp_path: Path) -> None:
    """What lies in storage must really lie there."""
    (tmp_path / "storage").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "storage" / "a").symlink_to(tmp_path / "secret")
    assert _code(reader, (tmp_path / "storage" / "a").as_uri()) is ItemCode.FORBIDDEN


def test_a_link_that_is_changed_after_the_listing_leads_nowhere(
    reader: ItemReader, root: Path, tmp_path: Path
) -> None:
    """Where an opened file lies is looked at after it is opened, folders on the way included."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a.jpg").write_bytes(b"secret")
    (root / "faces").mkdir()
    (root / "faces" / "a.jpg").write_bytes(b"bytes")
    uri = (root / "faces" / "a.jpg").as_uri()
    assert _read(reader, uri) == b"bytes"
    (root / "faces").rename(root / "moved")
    (root / "faces").symlink_to(tmp_path / "secrets")
    assert _code(reader, uri) is ItemCode.FORBIDDEN


def test_what_is_no_file_is_neither_waited_for_nor_read(
    reader: ItemReader, root: Path, tmp_path: Path
) -> None:
    """Pipes, sockets, devices, loops and folders end their item at once."""
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    for name in lay_traps(root, tmp_path / "secret.jpg"):
        code = _code(reader, (root / name).as_uri())
        assert code is (ItemCode.FORBIDDEN if name == "out.jpg" else ItemCode.FETCH_FAILED), name


@pytest.mark.parametrize("sha256", ["a" * 64, hashlib.sha256(b"bytes").hexdigest().upper()])
def test_a_digest_is_compared(reader: ItemReader, root: Path, sha256: str) -> None:
    """An item whose bytes are not the expected ones has a code of its own."""
    (root / "a.jpg").write_bytes(b"bytes")
    uri = (root / "a.jpg").as_uri()
    if sha256.startswith("aaa"):
        assert _code(reader, uri, sha256=sha256) is ItemCode.CHECKSUM_MISMATCH
    else:
        assert _read(reader, uri, sha256=sha256) == b"bytes"


def test_a_file_that_is_too_large_is_not_read(reader: ItemReader, root: Path) -> None:
    """A sparse file of a terabyte costs nothing."""
    with (root / "a.jpg").open("wb") as file:
        file.truncate(10**12)
    assert _code(reader, (root / "a.jpg").as_uri()) is ItemCode.TOO_LARGE


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE])
def test_what_can_heal_goes_up(
    reader: ItemReader, root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A disk or a system in trouble is no item's fault."""

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("core.localfiles.os.open", fail)
    with pytest.raises(StorageError):
        _read(reader, (root / "a.jpg").as_uri())


def test_an_error_that_is_gone_the_next_time_is_not_seen(
    reader: ItemReader, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader itself tries again a few times."""
    (root / "a.jpg").write_bytes(b"bytes")
    opened, left = os.open, [errno.EIO, errno.EMFILE]

    def fail_first(path: str, flags: int) -> int:
        if left:
            raise OSError(left.pop(), "in trouble")
        return opened(path, flags)

    monkeypatch.setattr("core.localfiles.os.open", fail_first)
    assert _read(reader, (root / "a.jpg").as_uri()) == b"bytes"


def test_urls_are_read(reader: ItemReader, web: Web) -> None:
    """The bytes are the body's."""
    assert _read(reader, web.serve("/a.jpg", b"bytes")) == b"bytes"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, ItemCode.FETCH_FAILED),
        (410, ItemCode.FETCH_FAILED),
        (204, ItemCode.FETCH_FAILED),
        (401, ItemCode.FORBIDDEN),
        (403, ItemCode.FORBIDDEN),
    ],
)
def test_an_answer_that_is_final_ends_the_item(
    reader: ItemReader, web: Web, status: int, code: ItemCode
) -> None:
    """It is asked for once."""
    assert _code(reader, web.serve("/a.jpg", b"", status=status)) is code
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(reader: ItemReader, web: Web, status: int) -> None:
    """First at once, and in the end by whoever reads the shard again."""
    answers = iter([status] * (ATTEMPTS - 1))

    def busy_at_first(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, b"bytes", status=next(answers, 200))

    assert _read(reader, web.on("/a.jpg", busy_at_first)) == b"bytes"
    with pytest.raises(StorageError):
        _read(reader, web.serve("/b.jpg", b"", status=status))
    assert web.requests.count("GET /b.jpg") == ATTEMPTS


def test_a_url_of_too_many_bytes_is_too_large(reader: ItemReader, web: Web) -> None:
    """The limit holds for what is sent, whatever the server says before."""
    assert _read(reader, web.serve("/whole.jpg", b"x" * 100)) == b"x" * 100
    assert _code(reader, web.serve("/a.jpg", b"x" * 101)) is ItemCode.TOO_LARGE


def test_a_body_that_is_cut_off_may_heal(reader: ItemReader, web: Web) -> None:
    """Half an image is not taken for the image."""
    url = web.serve("/a.jpg", b"half", content_length="8", connection="close")
    with pytest.raises(StorageError):
        _read(reader, url)


def test_urls_can_be_switched_off(tmp_path: Path, web: Web) -> None:
    """Without an outbound guard nothing is fetched."""
    reader = ItemReader(max_bytes=100, access=Access(tmp_path.as_uri()))
    assert _code(reader, web.serve("/a.jpg", b"bytes")) is ItemCode.FORBIDDEN
    assert web.requests == []


def test_the_root_itself_is_opened_as_a_whole(tmp_path: Path) -> None:
    """A bucket or a folder may be named as such, its neighbours may not."""
    access = Access(
        tmp_path.as_uri(),
        allowed_prefixes=["s3://faces", "gs://faces/a"],
        allowed_roots=[Path("/")],
    )
    assert access.refusal("s3://faces") is None
    assert access.refusal("s3://faces/any/key.jpg") is None
    assert access.refusal("gs://faces/a/") is None
    assert access.refusal("gs://faces/ab") is not None
    assert access.refusal("s3://faces/a\x00") is not None
