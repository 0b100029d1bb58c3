"""Uploads on their way into storage."""

import io
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage

from api.intake import keep_archive, kept_uploads
from core.names import MAX_NAME_LENGTH, clean_name
from core.storage import PART_BYTES, read_bytes
from tests.support.api import ApiRig


@given(st.text())
def test_a_label_can_always_be_shown_and_stored(name: str) -> None:
    """No control characters, never empty, never too long."""
    shown = clean_name(name)
    assert 1 <= len(shown) <= MAX_NAME_LENGTH
    assert not any(unicodedata.category(letter) == "Cc" for letter in shown)
    shown.encode()


@pytest.mark.parametrize("name", ["a/b c.png", "写真/笑顔.jpg", "👩‍🔬.png", "../x", "C:\\x.png"])
def test_a_decent_name_stays_as_it_is(name: str) -> None:
    """Relative paths, every script, joined emoji."""
    assert clean_name(name) == name


@pytest.mark.parametrize("size", [0, PART_BYTES, PART_BYTES + 1, 7 * PART_BYTES + 3])
def test_bytes_are_kept_as_they_came(rig: ApiRig, size: int) -> None:
    """Small files in one piece, large ones in parts: nothing is lost or added."""
    content = bytes(range(256)) * (size // 256 + 1)
    upload = FileStorage(io.BytesIO(content[:size]), filename="faces.tar")
    source = keep_archive(rig.storage, "uploads/test", upload)
    assert read_bytes(source.uri, max_bytes=size) == content[:size]
    assert source.name == "faces.tar"


def test_an_error_deletes_what_was_kept(rig: ApiRig) -> None:
    """Only of this job: other uploads stay."""
    rig.storage.write("uploads/other/file", b"stays")
    with suppress(KeyError), kept_uploads(rig.storage, "job_1") as prefix:
        rig.storage.write(f"{prefix}/file", b"goes")
        raise KeyError
    assert rig.kept() == ["uploads/other/file"]
