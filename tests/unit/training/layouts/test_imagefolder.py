"""Folders of labels: aliases, splits, methods, one label by the command line."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import by_name, draw, listed
from training.layouts.imagefolder import MAX_METHODS
from training.unpack import thin


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


def test_folders_below_frames_are_videos(tmp_path: Path) -> None:
    """Their images know their video and their frame, and `--frames` thins them."""
    for label in ("real", "fake"):
        draw(tmp_path / label / "frames/0001", *(f"{index:03}.png" for index in range(6)))
    listing = listed(tmp_path)
    assert {entry.video_id for entry in listing.entries} == {
        "real/frames/0001", "fake/frames/0001",
    }  # fmt: skip
    assert sorted({entry.frame for entry in listing.entries}) == list(range(6))
    assert {entry.method for entry in listing.entries} == {"real", ""}
    assert len(thin(listing.entries, 2)) == 4
    assert listing.warnings == []


def test_a_few_folders_of_frames_are_told(tmp_path: Path) -> None:
    """They may be generators just as well, so they stay single images, and a sentence says so."""
    draw(tmp_path, "real/a/0.png", "real/b/0.png", "fake/c/0.png")
    listing = listed(tmp_path)
    assert {entry.video_id for entry in listing.entries} == {""}
    assert "put them below a folder `frames`" in listing.warnings[0]


def test_many_folders_whose_files_are_numbered_anew_are_videos(tmp_path: Path) -> None:
    """More of them than there are generators; photos that were shared out are none."""
    frames = [
        f"real/{video:03}/{frame}.png" for video in range(MAX_METHODS + 1) for frame in (0, 1)
    ]
    draw(tmp_path / "clips", *frames, "fake/a.png")
    reals = [entry for entry in listed(tmp_path / "clips").entries if not entry.label]
    assert len({entry.video_id for entry in reals}) == MAX_METHODS + 1
    photos = [f"real/{part:03}/{part:03}{photo}.png" for part in range(MAX_METHODS + 1)
              for photo in (0, 1)]  # fmt: skip
    draw(tmp_path / "ffhq", *photos)
    listing = listed(tmp_path / "ffhq")
    assert {entry.video_id for entry in listing.entries} == {""}
    assert listing.warnings == []
