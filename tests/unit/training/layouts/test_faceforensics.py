"""FaceForensics++: both trees, names of two sequences, official splits."""

from pathlib import Path

import pytest

from tests.support.layouts import by_name, draw, film, listed, write_json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two originals, two manipulations of each other, an actor, and the split files."""
    folder = tmp_path / "FaceForensics++"
    film(folder / "original_sequences/youtube/c23/videos", "033.mp4", "097.mp4")
    film(folder / "manipulated_sequences/Deepfakes/c23/videos", "033_097.mp4", "097_033.mp4")
    film(folder / "original_sequences/actors/raw/videos", "01__kitchen_still.mp4")
    film(
        folder / "manipulated_sequences/DeepFakeDetection/raw/videos",
        "01_02__kitchen_still__YVGY8LOK.mp4",
    )
    draw(folder / "manipulated_sequences/Deepfakes/c23/masks/033_097", "0000.png")
    for split, pairs in {"train": [["033", "097"]], "val": [], "test": [["953", "974"]]}.items():
        write_json(folder / f"{split}.json", pairs)
    return folder


def test_names_tell_people_recordings_and_splits(root: Path) -> None:
    """A fake is of its target and its source, and in the split of both."""
    listing = listed(root)
    assert listing.layout == "faceforensics"
    fake = by_name(listing.entries)["033_097.mp4"]
    assert (fake.label, fake.method, fake.compression) == (1, "Deepfakes", "c23")
    assert (fake.identity_a, fake.identity_b, fake.source_id) == ("ff:033", "ff:097", "ff:033")
    assert fake.split == "train"
    real = by_name(listing.entries)["033.mp4"]
    assert (real.label, real.method, real.source_id) == (0, "real", "ff:033")
    assert real.video_id != fake.video_id


def test_actors_are_people_of_their_own(root: Path) -> None:
    """DeepFakeDetection names actors and scenes, and has no official split."""
    entries = by_name(listed(root).entries)
    fake = entries["01_02__kitchen_still__YVGY8LOK.mp4"]
    assert (fake.identity_a, fake.identity_b) == ("dfd:01", "dfd:02")
    assert fake.source_id == entries["01__kitchen_still.mp4"].source_id
    assert (fake.split, fake.compression) == ("", "c0")


def test_masks_are_no_images(root: Path) -> None:
    """What lies in masks/ is passed over."""
    assert len(listed(root).entries) == 6


def test_sequences_without_a_video_are_told(root: Path) -> None:
    """Of the four sequences that the split files name, two have no video here."""
    listing = listed(root)
    assert (listing.listed, listing.missing) == (4, ["953", "974"])
    assert "2 of the 4 listed paths do not exist" in listing.warnings[-1]


def test_frames_stand_in_for_missing_videos(root: Path) -> None:
    """A folder of frames is a video where there is no file, and not beside one."""
    draw(root / "original_sequences/youtube/c23/frames/500", "0000.png", "0010.png")
    draw(root / "original_sequences/youtube/c23/frames/033", "0000.png")
    entries = listed(root).entries
    assert [entry.frame for entry in entries if entry.identity_a == "ff:500"] == [0, 10]
    assert len({entry.path for entry in entries if entry.source_id == "ff:033"}) == 2


def test_splits_that_overlap_are_told(root: Path) -> None:
    """A sequence of two split files, and a fake of two splits, are marked for refusal."""
    write_json(root / "test.json", [["097", "974"]])
    listing = listed(root)
    assert any("097 for one" in warning for warning in listing.warnings)
    assert by_name(listing.entries)["033_097.mp4"].split == "train+test"
