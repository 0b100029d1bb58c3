"""Celeb-DF v2: three folders, and a test list in which 1 means real."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import by_name, draw, film, listed

LIST = "List_of_testing_videos.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A video of each folder and one more fake; the test list names three of them."""
    folder = tmp_path / "Celeb-DF-v2"
    film(folder, "Celeb-real/id1_0007.mp4", "YouTube-real/00170.mp4")
    film(folder, "Celeb-synthesis/id1_id0_0007.mp4", "Celeb-synthesis/id3_id1_0001.mp4")
    (folder / LIST).write_text(
        "1 YouTube-real/00170.mp4\n1 Celeb-real/id1_0007.mp4\n0 Celeb-synthesis/id1_id0_0007.mp4\n"
    )
    return folder


def test_the_folders_decide_and_the_list_names_the_test_split(root: Path) -> None:
    """1 beside a real video is Celeb-DF's own way, and no reason to warn."""
    listing = listed(root)
    entries = by_name(listing.entries)
    assert listing.layout == "celebdf"
    assert listing.warnings == []
    assert [entries[name].label for name in ("00170.mp4", "id1_id0_0007.mp4")] == [0, 1]
    assert entries["id1_id0_0007.mp4"].split == "test"
    assert entries["id3_id1_0001.mp4"].split == ""


def test_a_fake_is_of_two_people_and_one_recording(root: Path) -> None:
    """The recording is the target's, under the name of the real video."""
    entries = by_name(listed(root).entries)
    fake = entries["id1_id0_0007.mp4"]
    assert (fake.identity_a, fake.identity_b) == ("cdf:id1", "cdf:id0")
    assert fake.source_id == entries["id1_0007.mp4"].source_id


def test_a_reversed_list_is_told(root: Path) -> None:
    """A list in which 0 means real changes no label, and is warned about."""
    (root / LIST).write_text("0 YouTube-real/00170.mp4\n1 Celeb-synthesis/id1_id0_0007.mp4\n")
    listing = listed(root)
    assert "the folders decide the labels" in listing.warnings[0]
    assert by_name(listing.entries)["00170.mp4"].label == 0


def test_a_list_of_both_ways_is_refused(root: Path) -> None:
    """Nobody can read a list in which a folder's videos are 0 and 1."""
    (root / LIST).write_text("1 YouTube-real/00170.mp4\n0 Celeb-real/id1_0007.mp4\n")
    with pytest.raises(DatasetError, match="1 means real"):
        listed(root)


def test_backslashes_and_missing_videos_are_told(root: Path) -> None:
    """A list from Windows is read, and what it names in vain is counted."""
    (root / LIST).write_text("1 YouTube-real\\00170.mp4\n1 Celeb-real\\id9_0000.mp4\n")
    listing = listed(root)
    assert by_name(listing.entries)["00170.mp4"].split == "test"
    assert listing.missing == ["celeb-real/id9_0000"]
    assert any("backslashes" in warning for warning in listing.warnings)


def test_frames_below_the_folders_are_read(tmp_path: Path) -> None:
    """DeepfakeBench keeps frames/<video>/ in the same folders."""
    draw(tmp_path / "Celeb-real/frames/id0_0000", "000.png", "012.png")
    assert [entry.frame for entry in listed(tmp_path).entries] == [0, 12]
