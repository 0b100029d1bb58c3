"""Archives: what is unpacked, what only gets a code, and what an archive cannot make us do."""

import bz2
import gzip
import io
import lzma
import random
import struct
import sys
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SourceError
from core.names import ARCHIVE_ENDINGS
from core.sources import ArchiveSource, SourceItem, StoredPart, zips
from core.sources.archive import unpack
from core.storage import Storage, read_bytes
from core.terms import ItemCode

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_ITEM_BYTES = 10_000
MAX_TOTAL_BYTES = 1_000_000


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Storage in a folder of the test's own."""
    return Storage((tmp_path / "storage").as_uri())


def _list(
    content: bytes | ArchiveSource,
    storage: Storage,
    *,
    start: int = 0,
    max_items: int = 100,
    max_total_bytes: int = MAX_TOTAL_BYTES,
) -> list[SourceItem]:
    if isinstance(content, bytes):
        content = ArchiveSource(uri=storage.write("archive", content), name="faces")
    return list(
        unpack(
            content,
            storage=storage,
            prefix="unpacked",
            max_item_bytes=MAX_ITEM_BYTES,
            max_items=max_items,
            max_total_bytes=max_total_bytes,
            start=start,
        )
    )


def _contents(items: Sequence[SourceItem]) -> list[bytes]:
    return [read_bytes(item.uri, max_bytes=MAX_ITEM_BYTES) for item in items]


def _codes(items: Sequence[SourceItem]) -> dict[str, ItemCode | None]:
    return {item.name: item.fault_code for item in items}


def _zip(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _tar(
    members: dict[str, bytes], *entries: tarfile.TarInfo, format_: int = tarfile.PAX_FORMAT
) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format_) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in entries:
            archive.addfile(entry)
    return file.getvalue()


def test_zip_members_are_unpacked_into_storage(storage: Storage) -> None:
    """Each member is an item whose bytes are kept; names cannot lead out of storage."""
    items = _list(_zip({"a.jpg": b"a", "../../b.jpg": b"b", "d/": b"", "c.txt": b"c"}), storage)
    assert [item.name for item in items] == ["a.jpg", "../../b.jpg"]
    assert _contents(items) == [b"a", b"b"]
    assert all(item.uri.startswith(storage.uri("unpacked/")) for item in items)


@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress],
    ids=["tar", "gz", "bz2", "xz", "zst"],
)
def test_tar_members_are_unpacked_in_order(
    storage: Storage, compress: Callable[[bytes], bytes]
) -> None:
    """Plain and compressed tar files work, also when the compressed file has several streams."""
    plain = _tar({"b.jpg": b"b", "../a.jpg": b"a" * 9000, ".hidden.jpg": b"", "c.txt": b"c"})
    halves = compress(plain[:5000]) + compress(plain[5000:])
    for content in (compress(plain), halves):
        items = _list(content, storage)
        assert [item.name for item in items] == ["b.jpg", "../a.jpg"]
        assert _contents(items) == [b"b", b"a" * 9000]


def test_an_upload_in_parts_is_one_archive(storage: Storage) -> None:
    """The parts of a resumable upload are read one after the other."""
    content = _zip({f"{i}.jpg": bytes([i]) * 100 for i in range(20)}, method=zipfile.ZIP_STORED)
    parts = [
        StoredPart(uri=storage.write(f"parts/{start}", piece), size=len(piece))
        for start in range(0, len(content), 777)
        if (piece := content[start : start + 777])
    ]
    source = ArchiveSource(uri=parts[0].uri, name="faces.zip", parts=parts)
    assert _contents(_list(source, storage)) == [bytes([i]) * 100 for i in range(20)]


def test_a_part_that_is_missing_is_a_sentence(storage: Storage) -> None:
    """The job fails with what is wrong, not with a crash."""
    source = ArchiveSource(uri="", name="a", parts=[StoredPart(uri=storage.uri("gone"), size=10)])
    with pytest.raises(SourceError, match="could not be read"):
        _list(source, storage)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_are_never_followed(storage: Storage, kind: bytes) -> None:
    """A link's target is not read, and its item says why there is no score."""
    link = tarfile.TarInfo("link.jpg")
    link.type, link.linkname = kind, "/etc/passwd"
    items = _list(_tar({"a.jpg": b"a"}, link), storage)
    assert _codes(items) == {"a.jpg": None, "link.jpg": ItemCode.UNSUPPORTED_TYPE}


def test_links_in_a_zip_are_never_followed(storage: Storage) -> None:
    """A zip marks links in the attributes of Unix."""
    entry = zipfile.ZipInfo("link.jpg")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert _codes(_list(file.getvalue(), storage)) == {"link.jpg": ItemCode.UNSUPPORTED_TYPE}


def test_devices_in_a_tar_are_left_out(storage: Storage) -> None:
    """Pipes and devices are no files."""
    devices = [tarfile.TarInfo("pipe.jpg"), tarfile.TarInfo("device.jpg")]
    devices[0].type, devices[1].type = tarfile.FIFOTYPE, tarfile.CHRTYPE
    assert _codes(_list(_tar({"a.jpg": b"a"}, *devices), storage)) == {"a.jpg": None}


def test_archives_in_an_archive_are_not_unpacked(storage: Storage) -> None:
    """Each is an item that says so, and its neighbours are scanned."""
    nested = _zip({"inner.jpg": b"x"})
    members = {"a.jpg": b"a", "nested.zip": nested, "b.jpg.zst": b"x"}
    members |= {f"nested{ending}": b"x" for ending in ARCHIVE_ENDINGS[1:]}
    for content in (_zip(members), _tar(members)):
        codes = _codes(_list(content, storage))
        assert codes.pop("a.jpg") is None
        assert set(codes.values()) == {ItemCode.UNSUPPORTED_TYPE}
        assert len(codes) == len(members) - 1


def test_a_tar_that_ends_with_a_zip_is_a_tar(storage: Storage) -> None:
    """What a file begins with counts before what it ends with."""
    content = _tar({"a.jpg": b"a", "z": _zip({"inner.jpg": b"x"}, method=zipfile.ZIP_STORED)})
    assert [item.name for item in _list(content, storage)] == ["a.jpg", "z"]


def test_a_zip_with_something_before_it_is_a_zip(storage: Storage) -> None:
    """Self-extracting archives begin with a program."""
    assert _contents(_list(b"#!program" * 100 + _zip({"a.jpg": b"a"}), storage)) == [b"a"]


def test_a_member_that_is_too_large_is_an_item_with_a_fault(storage: Storage) -> None:
    """One oversized member spoils only itself."""
    members = {"big.jpg": bytes(MAX_ITEM_BYTES + 1), "ok.jpg": b"x"}
    for content in (_zip(members), _tar(members)):
        assert _codes(_list(content, storage)) == {"big.jpg": ItemCode.TOO_LARGE, "ok.jpg": None}


@pytest.mark.parametrize("make", [_zip, _tar])
def test_an_archive_with_too_many_files_is_stopped(
    storage: Storage, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    """The limit is in the sentence."""
    with pytest.raises(SourceError, match="more than 10 files"):
        _list(make({f"{i}.jpg": b"" for i in range(11)}), storage, max_items=10)


@pytest.mark.parametrize("make", [_zip, _tar])
def test_an_archive_that_unpacks_to_too_much_is_stopped(
    storage: Storage, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    """All members together have a limit."""
    with pytest.raises(SourceError, match="unpacks to more than"):
        _list(make({f"{i}.jpg": bytes(9000) for i in range(6)}), storage, max_total_bytes=50_000)


@pytest.mark.parametrize("make", [_zip, _tar])
def test_what_an_earlier_planner_unpacked_counts_too(
    storage: Storage, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    """A listing that goes on, after a retry or a restart, has what is left of the limit."""
    content = make({f"{i}.jpg": bytes(9000) for i in range(6)})
    for start in range(6):
        with pytest.raises(SourceError, match="unpacks to more than"):
            _list(content, storage, start=start, max_total_bytes=50_000)


def test_members_that_were_never_unpacked_count_for_nothing(storage: Storage) -> None:
    """A member that is too large is not unpacked, neither before the listing stopped nor after."""
    content = _zip({"a.jpg": bytes(MAX_ITEM_BYTES + 1), "b.jpg": b"b", "c.jpg": b"c"})
    for start in range(3):
        assert len(_list(content, storage, start=start, max_total_bytes=2)) == 3 - start


def test_what_is_passed_over_counts_too(storage: Storage) -> None:
    """A huge member that is no image costs time, so that it is bounded as well."""
    content = gzip.compress(_tar({"film.mp4": bytes(2_000_000), "a.jpg": b"a"}))
    with pytest.raises(SourceError, match="unpacks to more than"):
        _list(content, storage)


def test_a_listing_goes_on_without_writing_again(storage: Storage) -> None:
    """What an earlier planner has written is neither listed nor written a second time."""
    members = {f"{i}.jpg": str(i).encode() for i in range(5)}
    for content in (_zip(members), _tar(members)):
        items = _list(content, storage)
        storage.delete("unpacked")
        assert _list(content, storage, start=3) == items[3:]
        assert not storage.has("unpacked/00000002")
        assert storage.has("unpacked/00000003")


def test_an_encrypted_member_says_so(storage: Storage) -> None:
    """No password is asked for; the others are scanned."""
    content = bytearray(_zip({"a.jpg": b"a", "b.jpg": b"b"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    items = _list(bytes(content), storage)
    assert "encrypted" in str(items[0].fault_message)
    assert _codes(items) == {"a.jpg": ItemCode.FETCH_FAILED, "b.jpg": None}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_of_another_method_says_so(storage: Storage, method: int) -> None:
    """Methods that cannot be decoded piece by piece are not accepted."""
    items = _list(_zip({"a.jpg": bytes(1000)}, method=method), storage)
    assert _codes(items) == {"a.jpg": ItemCode.UNSUPPORTED_TYPE}


def test_names_that_come_twice_are_two_items(storage: Storage) -> None:
    """Positions tell members apart, names do not."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.jpg", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.jpg", b"2")
    assert _contents(_list(file.getvalue(), storage)) == [b"1", b"2"]


def test_entries_that_overlap_are_bounded_like_others(storage: Storage) -> None:
    """A thousand entries on the same bytes unpack to no more than the limit."""
    base = _zip({"a.jpg": bytes(9000)})
    start = base.index(b"PK\x01\x02")
    entry, end = (
        base[start : base.index(b"PK\x05\x06")],
        bytearray(base[base.index(b"PK\x05\x06") :]),
    )
    struct.pack_into("<2HL", end, 8, 1000, 1000, 1000 * len(entry))
    with pytest.raises(SourceError, match="unpacks to more than"):
        _list(base[:start] + entry * 1000 + bytes(end), storage, max_items=2000)


def test_a_directory_that_lies_about_sizes_gains_nothing(storage: Storage) -> None:
    """No more is unpacked than was stated, and the checksum tells a cut member from a whole."""
    for stated, code in ((1, ItemCode.FETCH_FAILED), (9999, None), (2**31, ItemCode.TOO_LARGE)):
        content = bytearray(_zip({"a.jpg": bytes(5000), "b.jpg": b"b"}))
        struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, stated)
        items = _list(bytes(content), storage)
        assert _codes(items) == {"a.jpg": code, "b.jpg": None}


def test_a_member_whose_bytes_are_damaged_spoils_only_itself(storage: Storage) -> None:
    """The checksum of a zip's member is verified."""
    content = bytearray(_zip({"a.jpg": b"hello", "b.jpg": b"b"}, method=zipfile.ZIP_STORED))
    content[content.index(b"hello")] ^= 1
    assert _codes(_list(bytes(content), storage)) == {
        "a.jpg": ItemCode.FETCH_FAILED,
        "b.jpg": None,
    }


def test_a_zip64_archive_is_read(storage: Storage) -> None:
    """Archives with sizes and ends in 64 bits work."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w") as archive,
        archive.open("a.jpg", "w", force_zip64=True) as member,
    ):
        member.write(b"a")
    plain = file.getvalue()
    end = plain.index(b"PK\x05\x06")
    directory = plain.index(b"PK\x01\x02")
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - directory, directory
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    assert _contents(_list(plain[:end] + record + locator + last, storage)) == [b"a"]


def test_the_directory_is_read_a_stretch_at_a_time(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every member comes, once and in order, wherever the stretches end."""
    members = {f"{i}.jpg": str(i).encode() for i in range(50)}
    for entries, size in ((7, 10**6), (1000, 100), (1, 1)):
        monkeypatch.setattr(zips, "STRETCH_ENTRIES", entries)
        monkeypatch.setattr(zips, "STRETCH_BYTES", size)
        assert _contents(_list(b"before" + _zip(members), storage)) == list(members.values())


def test_a_long_directory_takes_little_memory(storage: Storage) -> None:
    """The memory for twenty thousand members is that for a thousand."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(20_000):
            archive.writestr(f"{i}.txt", b"")
        archive.writestr("a.jpg", b"a")
    source = ArchiveSource(uri=storage.write("archive", file.getvalue()), name="faces")
    del archive, file
    tracemalloc.start()
    try:
        assert len(_list(source, storage)) == 1
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 6_000_000


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_giant_tar_header_is_not_read_into_memory(storage: Storage, kind: bytes) -> None:
    """A header is refused by its stated size, before its bytes are read."""
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 900_000
    content = header.tobuf() + bytes(900_000) + _tar({"a.jpg": b"a"})
    with pytest.raises(SourceError, match="header has more than"):
        _list(content, storage)


def test_sparse_members_are_not_unpacked(storage: Storage) -> None:
    """A map of holes can be of any length, and images have none."""
    header = tarfile.TarInfo("a.jpg")
    header.type = tarfile.GNUTYPE_SPARSE
    with pytest.raises(SourceError, match="sparse"):
        _list(header.tobuf() + bytes(1024), storage)
    pax = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.jpg"}
    entry = tarfile.TarInfo("a.jpg")
    entry.pax_headers = pax
    with pytest.raises(SourceError, match="sparse"):
        _list(_tar({}, entry), storage)


@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, lambda plain: bz2.compress(plain, 1), lzma.compress, zstd.compress],
    ids=["tar", "gz", "bz2", "xz", "zst"],
)
def test_an_archive_that_is_cut_off_fails_after_what_came_before(
    storage: Storage, compress: Callable[[bytes], bytes]
) -> None:
    """Items before the cut are listed and kept; the end of the list is a sentence."""
    noise = random.Random(0).randbytes
    content = compress(_tar({f"{i}.jpg": noise(9000) for i in range(40)}))
    source = ArchiveSource(uri=storage.write("archive", content[: len(content) // 2]), name="faces")
    items = unpack(
        source,
        storage=storage,
        prefix="unpacked",
        max_item_bytes=MAX_ITEM_BYTES,
        max_items=100,
        max_total_bytes=MAX_TOTAL_BYTES,
    )
    assert next(items).name == "0.jpg"
    with pytest.raises(SourceError, match="cannot be read to its end"):
        list(items)


def test_damage_between_members_is_not_taken_for_the_end(storage: Storage) -> None:
    """A tar with a broken header in its middle is not silently a short one."""
    content = bytearray(_tar({"a.jpg": b"a", "b.jpg": b"b"}, format_=tarfile.USTAR_FORMAT))
    content[1024 + 148 : 1024 + 156] = b"7777777\0"
    with pytest.raises(SourceError, match="cannot be read to its end"):
        _list(bytes(content), storage)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an archive",
        _zip({"a.jpg": b"a"})[:-30],
        gzip.compress(b"no tar in here" * 100),
        b"\xfd7zXZ\0" + b"x" * 50,
    ],
    ids=["empty", "text", "truncated zip", "gzip of no tar", "damaged xz"],
)
def test_what_is_no_archive_is_a_sentence(storage: Storage, content: bytes) -> None:
    """The sentence says which formats are understood."""
    with pytest.raises(SourceError, match="must be a zip or tar file"):
        _list(content, storage)


def test_a_dictionary_of_gigabytes_is_refused(storage: Storage) -> None:
    """What an xz or zstd file asks for in memory is bounded."""
    plain = _tar({"a.jpg": b"a"})
    large_xz = lzma.compress(
        plain, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 * 1024**2}]
    )
    # A frame header that asks for a window of 2 GiB, and one raw block.
    large_zstd = b"\x28\xb5\x2f\xfd\x00\xa8" + struct.pack("<L", len(plain) << 3 | 1)[:3] + plain
    for content in (large_xz, large_zstd):
        with pytest.raises(SourceError, match="cannot be read to its end"):
            _list(content, storage)


@pytest.mark.parametrize("make", [_zip, _tar, lambda members: gzip.compress(_tar(members))])
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_changed_only_a_sentence_comes_out(
    storage: Storage, make: Callable[[dict[str, bytes]], bytes], data: st.DataObject
) -> None:
    """Damaged archives give items, faults or one SourceError, never another exception."""
    content = bytearray(make({"a.jpg": b"a" * 50, "b/ü.png": bytes(600), "c.zip": b"x"}))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    with suppress(SourceError):
        _list(bytes(content[:cut] if data.draw(st.booleans()) else content), storage)
