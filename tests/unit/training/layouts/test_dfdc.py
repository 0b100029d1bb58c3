"""DFDC: metadata.json of each part, labels.csv of the test set."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import by_name, film, listed, write_json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A part for training with a real and its fake, and a test set with a list."""
    film(tmp_path / "dfdc_train_part_0", "aaa.mp4", "bbb.mp4")
    write_json(
        tmp_path / "dfdc_train_part_0/metadata.json",
        {
            "aaa.mp4": {"label": "FAKE", "split": "train", "original": "bbb.mp4"},
            "bbb.mp4": {"label": "REAL", "split": "train"},
            "ccc.mp4": {"label": "FAKE", "split": "train", "original": "bbb.mp4"},
        },
    )
    film(tmp_path / "test", "ddd.mp4", "eee.mp4")
    (tmp_path / "test/labels.csv").write_text("filename,label\nddd.mp4,1\neee.mp4,0\n")
    return tmp_path


def test_parts_are_read_with_their_lists(root: Path) -> None:
    """1 in labels.csv means fake; a fake shares the recording of its original."""
    listing = listed(root)
    entries = by_name(listing.entries)
    assert listing.layout == "dfdc"
    assert {name: entry.label for name, entry in entries.items()} == {
        "aaa.mp4": 1, "bbb.mp4": 0, "ddd.mp4": 1, "eee.mp4": 0,
    }  # fmt: skip
    assert entries["aaa.mp4"].source_id == entries["bbb.mp4"].source_id
    assert [entries[name].split for name in ("aaa.mp4", "ddd.mp4")] == ["train", "test"]
    assert (listing.listed, len(listing.missing)) == (5, 1)


def test_metadata_of_the_test_set_is_read(root: Path) -> None:
    """The full release marks its test videos by is_fake."""
    (root / "test/labels.csv").unlink()
    write_json(root / "test/metadata.json", {"ddd.mp4": {"is_fake": 1}, "eee.mp4": {"is_fake": 0}})
    assert by_name(listed(root).entries)["ddd.mp4"].label == 1


def test_reversed_metadata_is_refused(root: Path) -> None:
    """Only a fake has an original: REAL beside one means that the labels are reversed."""
    write_json(
        root / "dfdc_train_part_0/metadata.json",
        {"aaa.mp4": {"label": "REAL", "original": "bbb.mp4"}, "bbb.mp4": {"label": "FAKE"}},
    )
    with pytest.raises(DatasetError, match="look reversed"):
        listed(root)


def test_lists_that_disagree_are_refused(root: Path) -> None:
    """A labels.csv that contradicts the metadata beside it is named."""
    write_json(root / "test/metadata.json", {"ddd.mp4": {"is_fake": 0}})
    with pytest.raises(DatasetError, match="disagree about labels"):
        listed(root)
