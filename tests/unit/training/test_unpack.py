"""Videos, archives and Parquet become image files below the dataset's folder."""

import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.support.images import jpeg_bytes
from tests.support.layouts import draw, film, listed, pack
from training.layouts.listing import Entry
from training.unpack import Candidate, thin, unpack
from training.video import read_frames


def unpacked(source: Path, out: Path, frames: int = 2) -> list[Candidate]:
    """Return the image files of a source."""
    return unpack([listed(source)], out, frames=frames)


def test_frames_are_written_losslessly(tmp_path: Path) -> None:
    """A video becomes PNG files with exactly the decoded pixels, numbered by their position."""
    film(tmp_path / "a", "real/x.mp4", "fake/y.mp4")
    found = unpacked(tmp_path / "a", tmp_path / "out")
    assert len(found) == 4
    first = next(one.entry for one in found if one.entry.label == 0)
    assert first.path.is_relative_to(tmp_path / "out")
    assert (first.video_id, first.frame) == ("real/x", 1)
    decoded = dict(read_frames(tmp_path / "a/real/x.mp4", 2))[first.frame]
    with Image.open(first.path) as image:
        assert image.format == "PNG"
        assert np.array_equal(np.asarray(image), np.asarray(decoded))


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    """A second preparation takes the frames that the first one wrote."""
    film(tmp_path / "a", "real/x.mp4", "fake/y.mp4")
    first = unpacked(tmp_path / "a", tmp_path / "out")
    written = {one.entry.path: one.entry.path.stat().st_mtime_ns for one in first}
    again = unpacked(tmp_path / "a", tmp_path / "out")
    assert {one.entry.path: one.entry.path.stat().st_mtime_ns for one in again} == written


def test_videos_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    """Two files that a list gives one video_id do not overwrite each other."""
    film(tmp_path, "a/x.mp4", "b/x.mp4", frames=2)
    (tmp_path / "list.csv").write_text("path,label,video_id\na/x.mp4,real,7\nb/x.mp4,fake,7\n")
    found = unpacked(tmp_path / "list.csv", tmp_path / "out")
    assert len({one.entry.path for one in found}) == 4


def test_a_video_that_cannot_be_decoded_is_a_fault(tmp_path: Path) -> None:
    """It is told with its path, and stops nobody else."""
    film(tmp_path / "a", "real/x.mp4")
    (tmp_path / "a/fake").mkdir()
    (tmp_path / "a/fake/y.mp4").write_bytes(b"half a download")
    found = unpacked(tmp_path / "a", tmp_path / "out")
    faults = [one for one in found if one.fault]
    assert [one.entry.path.name for one in faults] == ["y.mp4"]
    assert faults[0].fault.startswith("undecodable: the video cannot be decoded")
    assert len(found) == 3


def test_members_keep_their_bytes(tmp_path: Path) -> None:
    """An archive's members are written out as they are, at most so many of each sequence."""
    names = [f"./6/real/54/{index}.png" for index in range(5)]
    pack(tmp_path / "a/real_train/6.tar.gz", *names)
    pack(tmp_path / "a/fake_train/6.tar.gz", "6/fake/0/3.png")
    found = unpacked(tmp_path / "a", tmp_path / "out")
    reals = [one.entry for one in found if one.entry.label == 0]
    assert [entry.frame for entry in reals] == [1, 3]
    with tarfile.open(tmp_path / "a/real_train/6.tar.gz") as tar:
        member = tar.extractfile(names[1])
        assert member is not None
        assert reals[0].path.read_bytes() == member.read()
    assert all(entry.member == "" for entry in reals)


def test_no_member_leaves_the_folder(tmp_path: Path) -> None:
    """A member that climbs out of its archive is written within the dataset's folder."""
    pack(tmp_path / "a/real_train/6.tar.gz", "../../../6/real/54/1.png")
    pack(tmp_path / "a/fake_train/6.tar.gz", "/6/fake/54/1.png")
    found = unpacked(tmp_path / "a", tmp_path / "out")
    assert all(one.entry.path.resolve().is_relative_to(tmp_path / "out") for one in found)
    assert all(one.entry.path.exists() for one in found)


def test_rows_keep_their_bytes(tmp_path: Path) -> None:
    """An image in a Parquet row is written out as it is, named after its row and format."""
    images = [{"bytes": jpeg_bytes(index), "path": None} for index in range(3)]
    (tmp_path / "a").mkdir()
    pq.write_table(
        pa.table({"image": images, "label": ["real", "fake", "real"]}), tmp_path / "a/train.parquet"
    )
    found = [one.entry for one in unpacked(tmp_path / "a", tmp_path / "out")]
    assert [entry.path.name for entry in found] == [f"{row:08}.jpeg" for row in range(3)]
    assert [entry.path.read_bytes() for entry in found] == [one["bytes"] for one in images]


def test_a_row_without_an_image_costs_no_other(tmp_path: Path) -> None:
    """An empty cell, and one that names a file that is gone, are faults of their own rows."""
    (tmp_path / "a").mkdir()
    images = [
        {"bytes": jpeg_bytes(0), "path": None},
        None,
        {"bytes": None, "path": "gone.png"},
        {"bytes": None, "path": None},
        {"bytes": jpeg_bytes(1), "path": None},
    ]
    labels = ["real", "fake", "real", "fake", "real"]
    pq.write_table(pa.table({"image": images, "label": labels}), tmp_path / "a/train.parquet")
    found = unpacked(tmp_path / "a", tmp_path / "out")
    assert [one.entry.path.name for one in found if not one.fault] == [
        "00000000.jpeg", "00000004.jpeg",
    ]  # fmt: skip
    faults = {one.entry.member: one.fault for one in found if one.fault}
    assert set(faults) == {"1", "2", "3"}
    assert faults["1"] == "undecodable: the row has no image."
    assert "gone.png" in faults["2"]


def test_an_archive_that_breaks_off_gives_what_it_holds(tmp_path: Path) -> None:
    """Its whole members become files; the one at the break is a fault, and told in the listing."""
    archive = tmp_path / "a/real_train/6.tar"
    pack(archive, *(f"6/real/{index}/1.png" for index in range(4)))
    pack(tmp_path / "a/fake_train/6.tar", "6/fake/0/1.png")
    with tarfile.open(archive) as tar:
        end = tar.getmembers()[2].offset_data + 100
    archive.write_bytes(archive.read_bytes()[:end])
    listing = listed(tmp_path / "a")
    assert any("breaks off after 3 images" in warning for warning in listing.warnings)
    found = unpack([listing], tmp_path / "out", frames=2)
    reals = [one for one in found if one.entry.label == 0]
    assert [bool(one.fault) for one in reals] == [False, False, True]
    assert reals[2].fault.startswith("undecodable: ")


def test_frames_on_disk_are_thinned_too(tmp_path: Path) -> None:
    """Folders of frames give at most so many; images that are of no video all stay."""
    draw(tmp_path / "Celeb-real/frames/id0_0000", *(f"{index:03}.png" for index in range(9)))
    listing = listed(tmp_path)
    assert [entry.frame for entry in thin(listing.entries, 3)] == [1, 4, 7]
    photos = [Entry(Path(f"{index}.jpg"), 0) for index in range(9)]
    assert thin(photos, 3) == photos
