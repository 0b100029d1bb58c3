"""Folders of labels: aliases, splits, methods, one label by the command line."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import by_name, draw, listed


def test_kaggle_folders_are_read(tmp_path: Path) -> None:
    """Folders above, splits, and labels in capitals."""
    root = tmp_path / "real_vs_fake/real-vs-fake"
    draw(root, "train/REAL/a.jpg", "valid/FAKE/b.jpg", "test/FAKE/c.jpg", "notes.png")
    listing = listed(tmp_path)
    entries = by_name(listing.entries)
    assert listing.layout == "imagefolder"
    assert [entries[name].label for name in ("a.jpg", "b.jpg")] == [0, 1]
    assert [entries[name].split for name in ("a.jpg", "b.jpg", "c.jpg")] == [
        "train", "validation", "test",
    ]  # fmt: skip
    assert entries["b.jpg"].method == ""
    assert "1 files lie outside" in listing.warnings[0]


def test_generators_name_the_method(tmp_path: Path) -> None:
    """`<generator>/0_real` and `1_fake`, as CNNDetection has them."""
    draw(tmp_path, "progan/0_real/a.png", "progan/1_fake/b.png", "stylegan/1_fake/c.png")
    entries = by_name(listed(tmp_path).entries)
    assert [entries[name].method for name in ("a.png", "b.png", "c.png")] == [
        "real", "progan", "stylegan",
    ]  # fmt: skip


def test_a_folder_of_one_label_is_named_on_the_command_line(tmp_path: Path) -> None:
    """`real:NAME=DIR` labels a folder that has no folders of labels."""
    draw(tmp_path / "celeba", "000001.jpg", "more/000002.jpg")
    with pytest.raises(DatasetError, match="real:NAME=DIR"):
        listed(tmp_path / "celeba")
    listing = listed(f"real:photos={tmp_path / 'celeba'}")
    assert listing.source.name == "photos"
    assert [(entry.label, entry.method) for entry in listing.entries] == [(0, "real")] * 2


def test_one_label_of_a_labelled_folder_is_taken(tmp_path: Path) -> None:
    """`real:` before a folder with both takes its reals alone."""
    draw(tmp_path, "real/a.png", "fake/b.png")
    assert list(by_name(listed(f"real:x={tmp_path}").entries)) == ["a.png"]


def test_a_file_in_both_is_refused(tmp_path: Path) -> None:
    """Nobody can say what real/fake/a.png is."""
    draw(tmp_path, "real/fake/a.png")
    with pytest.raises(DatasetError, match="move it"):
        listed(tmp_path)
