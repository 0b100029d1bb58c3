"""Where the files of a request lie: one temporary file, whatever their number."""

import gc
import os
from collections.abc import Iterator
from io import SEEK_END
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

import pytest

from api.spool import SpoolPart
from tests.support.api import ApiRig, part


def open_descriptors() -> int:
    """Return how many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only the number is wanted


@pytest.fixture
def parts() -> Iterator[list[SpoolPart]]:
    """Three parts, written one by one to the same file."""
    with TemporaryFile(buffering=0) as spool:
        written = []
        for content in (b"first", b"", b"the third"):
            written.append(SpoolPart(cast("IO[bytes]", spool)))
            written[-1].write(content[:2])
            written[-1].write(content[2:])
            written[-1].seek(0)
        yield written


def test_parts_keep_to_their_own_stretch(parts: list[SpoolPart]) -> None:
    """However they are read, none reads the next one's bytes."""
    assert [part.read() for part in parts[::-1]] == [b"the third", b"", b"first"]
    assert parts[0].seek(1) == 1
    assert parts[0].read(100) == b"irst"
    assert parts[0].seek(-2, SEEK_END) == 3
    assert (parts[0].read(), parts[0].tell()) == (b"st", 5)
    assert parts[0].seek(-99, 1) == 0


def test_many_text_fields_are_refused(rig: ApiRig) -> None:
    """Each would be in memory, and their sum is nobody's."""
    fields = {f"text-{i}": "x" for i in range(11)}
    answer = rig.client.post("/v1/jobs", data={**fields, "files": part("a.png")})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert "text fields" in answer.json["detail"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [("multipart/form-data", b"x"), ("multipart/form-data; boundary=a", b"no such boundary")],
)
def test_a_body_that_is_not_multipart_holds_nothing(rig: ApiRig, kind: str, body: bytes) -> None:
    """It is refused as one without a file."""
    assert rig.client.post("/v1/jobs", data=body, content_type=kind).status_code == 422


def test_a_thousand_files_are_one_request(rig: ApiRig) -> None:
    """All are kept, and no file descriptor stays behind."""
    gc.collect()
    before = open_descriptors()
    files = [part(f"{i}.png", b"image %d" % i) for i in range(1000)]
    answer = rig.client.post("/v1/jobs", data={"files": files})
    assert answer.status_code == 202
    kept = rig.kept()
    assert len(kept) == 1001
    storage = Path(rig.settings.data_dir) / "storage"
    assert (storage / kept[999]).read_bytes() == b"image 999"
    gc.collect()
    after = open_descriptors()
    assert after <= before + 3
