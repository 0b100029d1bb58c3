"""FFIW10K, WildDeepfake and DF40: what their folders say."""

from pathlib import Path

import pytest

from core.errors import DatasetError
from tests.support.layouts import by_name, draw, film, listed, pack


def test_ffiw_reads_source_and_target(tmp_path: Path) -> None:
    """source/ is real, target/ is fake, target_mask/ is not read; the folders are the splits."""
    for tree in ("source", "target", "target_mask"):
        film(tmp_path / tree, "train/train_00000001.mp4", "val/val_00000002.mp4")
    listing = listed(tmp_path)
    assert listing.layout == "ffiw10k"
    found = {(entry.video_id, entry.label, entry.split) for entry in listing.entries}
    assert found == {
        ("source/train/train_00000001", 0, "train"),
        ("source/val/val_00000002", 0, "validation"),
        ("target/train/train_00000001", 1, "train"),
        ("target/val/val_00000002", 1, "validation"),
    }
    assert len({entry.source_id for entry in listing.entries}) == 2


def test_wilddeepfake_reads_its_archives(tmp_path: Path) -> None:
    """A frame is known by category, archive, sequence and number; nothing is unpacked yet."""
    pack(tmp_path / "real_train/6.tar.gz", "./6/real/54/1.png", "./6/real/54/19.png")
    pack(tmp_path / "fake_test/100.tar.gz", "100/fake/0/7.png", "100/fake/readme.txt")
    listing = listed(tmp_path)
    assert listing.layout == "wilddeepfake"
    entry = by_name(listing.entries)["7.png"]
    assert (entry.label, entry.split, entry.frame) == (1, "test", 7)
    assert entry.video_id == "fake_test/100/0"
    assert entry.source_id == "wild:fake_test/100"
    assert len(listing.entries) == 3


def test_an_archive_in_the_wrong_category_is_told(tmp_path: Path) -> None:
    """The category decides; a folder of the other label within is warned about."""
    pack(tmp_path / "real_train/6.tar.gz", "6/fake/54/1.png")
    listing = listed(tmp_path)
    assert "holds a folder fake" in listing.warnings[0]
    assert listing.entries[0].label == 0


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    """What is no tar is named, with what to do."""
    pack(tmp_path / "real_train/6.tar.gz", "6/real/54/1.png")
    (tmp_path / "real_train/7.tar.gz").write_bytes(b"half a download")
    with pytest.raises(DatasetError, match="download it again"):
        listed(tmp_path)


def test_df40_reads_its_several_depths(tmp_path: Path) -> None:
    """Methods lie in ff/ and cdf/, with and without frames/, or with reals of their own."""
    draw(
        tmp_path,
        "DF40_train/simswap/frames/033_097/000.png",
        "DF40/simswap/cdf/frames/id1_id0_0007/012.png",
        "DF40/StyleGAN2/ff/033/seed1.png",
        "DF40/MidJourney/fake/a.png",
        "DF40/MidJourney/real/b.png",
        "DF40/simswap/ff/landmarks/033_097/000.png",
    )
    listing = listed(tmp_path)
    entries = by_name(listing.entries)
    assert listing.layout == "df40"
    assert set(entries) == {"000.png", "012.png", "seed1.png", "a.png", "b.png"}
    swap = entries["000.png"]
    assert (swap.method, swap.split, swap.frame) == ("simswap", "train", 0)
    assert (swap.identity_a, swap.identity_b) == ("ff:033", "ff:097")
    assert entries["012.png"].identity_b == "cdf:id0"
    assert entries["seed1.png"].source_id == "ff:033"
    assert (entries["b.png"].label, entries["a.png"].video_id) == (0, "")
    assert listing.warnings == []


def test_df40_without_reals_says_where_they_are(tmp_path: Path) -> None:
    """Most methods are fakes alone, of FaceForensics++ and Celeb-DF."""
    draw(tmp_path, "simswap/ff/frames/033_097/0.png", "fomm/ff/frames/033_097/0.png")
    assert "real:ff=DIR" in listed(tmp_path).warnings[0]
