"""Cleaning: what is left out and why, and what is grouped."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.support.images import photo_like
from training.clean import Inspected, clean, group_near_duplicates, inspect_file
from training.layouts.imagefolder import LabelledFile


def sound(name: str, *, label: int = 0, sha256: str = "", phash: int = 0) -> Inspected:
    """Return an inspected file of the given traits."""
    file = LabelledFile(Path(name), label, "drawn")
    return Inspected(file, sha256 or name, 100, phash, 64, 64)


def reasons(*inspected: Inspected) -> dict[str, str]:
    """Return why each file is left out, by name."""
    return {str(one.file.path): one.reason for one in clean(inspected).dropped}


def test_sound_files_are_all_kept() -> None:
    """Pictures that differ are kept, each in a group of its own."""
    cleaned = clean([sound("a", phash=0), sound("b", phash=0xFFFF)])
    assert len(cleaned.kept) == 2
    assert cleaned.groups[0] != cleaned.groups[1]
    assert cleaned.dropped == []


def test_a_second_copy_is_left_out() -> None:
    """Of two identical files the first stays, and the other says whose copy it is."""
    assert reasons(sound("a", sha256="x"), sound("b", sha256="x")) == {"b": "exact_duplicate: of a"}


def test_one_file_under_both_labels_is_left_out_twice() -> None:
    """Nobody can say which label is right, so neither copy is trained on."""
    dropped = reasons(sound("a", sha256="x"), sound("b", sha256="x", label=1))
    assert {name: reason.partition(":")[0] for name, reason in dropped.items()} == {
        "a": "label_conflict",
        "b": "label_conflict",
    }


def test_lookalikes_under_both_labels_are_left_out() -> None:
    """A picture saved again and filed under the other label is left out with its twin."""
    cleaned = clean([sound("a", phash=0), sound("b", phash=1, label=1), sound("c", phash=0xFFFF)])
    assert [str(one.file.path) for one in cleaned.kept] == ["c"]
    assert len(cleaned.dropped) == 2


def test_near_duplicates_stay_in_one_group() -> None:
    """A picture saved twice is kept twice, but will not cross splits."""
    cleaned = clean([sound("a", phash=0b0000), sound("b", phash=0b1111)])
    assert len(cleaned.kept) == 2
    assert cleaned.groups[0] == cleaned.groups[1]


def test_groups_are_linked_through_their_members() -> None:
    """Two hashes that are far apart share a group when a third lies between them."""
    groups = group_near_duplicates([0b0, 0b11111111, 0b1111], 4)
    assert len(set(groups)) == 1


def test_hashes_beyond_the_radius_are_apart() -> None:
    """One bit more than the radius separates."""
    assert len(set(group_near_duplicates([0b0, 0b11111], 4))) == 2


def test_a_picture_saved_again_hashes_alike(tmp_path: Path) -> None:
    """JPEG at another quality and size stays within the radius; another picture does not."""
    picture = photo_like(3, (96, 96))
    picture.save(tmp_path / "a.png")
    picture.resize((80, 80)).save(tmp_path / "b.jpg", quality=60)
    photo_like(4, (96, 96)).save(tmp_path / "c.png")
    hashes = [
        inspect_file(LabelledFile(tmp_path / name, 0, "drawn")).phash
        for name in ("a.png", "b.jpg", "c.png")
    ]
    groups = group_near_duplicates(hashes, 4)
    assert groups[0] == groups[1] != groups[2]


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: path.write_bytes(b""), "undecodable"),
        (lambda path: path.write_bytes(b"text" * 100), "unsupported_type"),
        (lambda path: Image.new("RGB", (31, 64)).save(path), "image_too_small"),
        (lambda path: shutil.rmtree(path.parent), "unreadable"),
    ],
)
def test_files_that_cannot_be_used_say_why(tmp_path: Path, make: object, fault: str) -> None:
    """Empty, foreign, tiny and missing files each have a reason, and none raises."""
    folder = tmp_path / "images"
    folder.mkdir()
    make(folder / "a.png")  # pyright: ignore[reportCallIssue] - one of the lambdas above
    inspected = inspect_file(LabelledFile(folder / "a.png", 0, "drawn"))
    assert inspected.fault.startswith(fault)
    assert clean([inspected]).kept == []
