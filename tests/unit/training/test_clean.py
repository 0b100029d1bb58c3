"""Cleaning: what is left out and why, and what is grouped."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.faces import EXAMPLES, example, face_at, portrait
from tests.support.images import encoded, photo_like
from tests.support.inspections import inspected
from training.clean import clean
from training.inspection import FEW, Inspected, inspect_file, inspect_files
from training.layouts.listing import Entry
from training.linking import connect
from training.unpack import Candidate


def reasons(*files: Inspected, faces: bool = False) -> dict[str, str]:
    """Return why each file is left out, by name."""
    dropped = clean(files, faces=faces).dropped
    return {str(one.candidate.entry.path): one.reason for one in dropped}


def saved(image: Image.Image) -> Image.Image:
    """Return the picture as a coarse JPEG gives it back."""
    return Image.open(io.BytesIO(encoded(image, "JPEG", quality=60))).convert("RGB")


def looked_into(path: Path, *, label: int = 0, faces: bool = False) -> Inspected:
    """Return what a file holds."""
    return inspect_file(Candidate("drawn", Entry(path, label)), faces=faces)


def test_sound_files_are_all_kept() -> None:
    """Pictures that differ are kept, and are no copies."""
    cleaned = clean([inspected("a"), inspected("b")], faces=False)
    assert len(cleaned.kept) == 2
    assert len(cleaned.copies.first) == 0
    assert cleaned.dropped == []


def test_a_second_copy_is_left_out() -> None:
    """Of two identical files the first stays, and the other says whose copy it is."""
    files = inspected("a", sha256="x"), inspected("b", sha256="x")
    assert reasons(*files) == {"b": "exact_duplicate: of a"}


def test_a_copy_in_two_official_splits_stays_in_the_last() -> None:
    """A validation set that is the test set is told as an overlap, and not trained on."""
    files = [
        inspected("a", sha256="x", split="train"),
        inspected("b", sha256="x", split="test"),
        inspected("c", sha256="x", split="validation"),
    ]
    cleaned = clean(files, faces=False)
    assert [str(one.candidate.entry.path) for one in cleaned.kept] == ["b"]
    assert set(reasons(*files).values()) == {
        "split_overlap: the same bytes are in the official test, as b."
    }


def test_one_file_under_both_labels_is_left_out_twice() -> None:
    """Nobody can say which label is right, so neither copy is trained on."""
    dropped = reasons(inspected("a", sha256="x"), inspected("b", sha256="x", label=1))
    assert {name: reason.partition(":")[0] for name, reason in dropped.items()} == {
        "a": "label_conflict",
        "b": "label_conflict",
    }


def test_one_picture_under_both_labels_is_left_out_twice(tmp_path: Path) -> None:
    """A picture saved again and filed under the other label is left out with its twin."""
    (tmp_path / "b.jpg").write_bytes(encoded(portrait(), "JPEG", quality=60))
    photo_like(1, (96, 96)).save(tmp_path / "c.png")
    cleaned = clean(
        [
            looked_into(example()),
            looked_into(tmp_path / "b.jpg", label=1),
            looked_into(tmp_path / "c.png"),
        ],
        faces=False,
    )
    assert [one.candidate.entry.path.name for one in cleaned.kept] == ["c.png"]
    assert len(cleaned.dropped) == 2


def test_originals_and_the_fakes_made_of_them_stay_together() -> None:
    """A face that was swapped, bent or smoothed is no second save of its original: it is a fake."""
    originals = [example("photos/nasa-portrait"), example("photos/navy-portrait")]
    fakes = sorted((EXAMPLES / "manipulated").iterdir())
    cleaned = clean(
        [
            *(looked_into(path, faces=True) for path in originals),
            *(looked_into(path, label=1, faces=True) for path in fakes),
        ],
        faces=True,
    )
    assert cleaned.dropped == []
    groups = connect([()] * len(cleaned.kept), cleaned.copies.first, cleaned.copies.second)
    assert len(fakes) == 8
    assert set(groups.tolist()) == {0, 1}


def test_a_fake_may_look_like_its_original() -> None:
    """Where a part was exchanged, real and fake go together."""
    picture = photo_like(1, (96, 96))
    edited = picture.copy()
    ImageDraw.Draw(edited).ellipse((40, 40, 52, 52), fill=(250, 10, 10))
    cleaned = clean(
        [inspected("a", picture=picture), inspected("b", picture=edited, label=1)], faces=False
    )
    assert len(cleaned.kept) == 2
    assert list(zip(cleaned.copies.first, cleaned.copies.second, strict=True)) == [(0, 1)]


def test_frames_of_one_recording_contradict_nothing(tmp_path: Path) -> None:
    """A fake of a known recording may have frames that nobody touched."""
    (tmp_path / "b.jpg").write_bytes(encoded(portrait(), "JPEG", quality=60))
    known = [
        inspect_file(Candidate("drawn", Entry(path, label, source_id="ff:1")), faces=False)
        for label, path in enumerate((example(), tmp_path / "b.jpg"))
    ]
    assert clean(known, faces=False).dropped == []


def test_near_duplicates_stay_as_a_pair() -> None:
    """A picture saved twice is kept twice, but will not cross splits."""
    picture = photo_like(1, (96, 96))
    files = [
        inspected("broken", sharpness=0),
        inspected("a", picture=picture),
        inspected("c"),
        inspected("b", picture=saved(picture)),
    ]
    cleaned = clean(files, faces=False)
    assert len(cleaned.kept) == 3
    assert cleaned.copies.first.tolist() == [0]
    assert cleaned.copies.second.tolist() == [2]


def test_what_has_no_face_is_left_out_only_when_faces_are_wanted() -> None:
    """Without faces, a picture without one is as good as any."""
    files = inspected("a"), inspected("b", face=face_at((20, 20, 70, 70)))
    assert reasons(*files, faces=True) == {"a": "no_face: no face was found in the image."}
    assert reasons(*files, faces=False) == {}


def test_a_face_that_would_not_be_scored_is_left_out() -> None:
    """Serving asks for 40 pixels, and so does training; whole images may have any face."""
    files = [
        inspected("a", face=face_at((0, 0, 39, 30))),
        inspected("b", face=face_at((0, 0, 30, 41))),
    ]
    (reason,) = reasons(*files, faces=True).values()
    assert reason.startswith("face_too_small: the largest face has 39 pixels, below 40")
    assert reasons(*files, faces=False) == {}


def test_a_blur_is_left_out() -> None:
    """A face without any detail is left out, and the sentence says how sharp it is."""
    dropped = reasons(inspected("a", sharpness=12.3, face=face_at((0, 0, 50, 50))))
    assert dropped == {"a": "blurred: the face's sharpness is 12, below 40."}


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "undecodable"), (b"no image", "unsupported_type"), (None, "unreadable")],
)
def test_what_cannot_be_read_has_a_code(tmp_path: Path, content: bytes | None, code: str) -> None:
    """Empty, foreign and missing files each say what is wrong."""
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    assert looked_into(path).fault.startswith(f"{code}: ")


def test_small_images_are_left_out(tmp_path: Path) -> None:
    """Below 32 pixels there is nothing to learn."""
    photo_like(1, (24, 24)).save(tmp_path / "a.png")
    assert looked_into(tmp_path / "a.png").fault.startswith("image_too_small: ")


def test_a_picture_is_inspected_by_what_is_displayed(tmp_path: Path) -> None:
    """Sizes are those after EXIF rotation, and two copies have one digest."""
    exif = Image.Exif()
    exif[0x0112] = 6
    photo_like(1, (60, 40)).save(tmp_path / "a.jpg", exif=exif, quality=80)
    shutil.copy(tmp_path / "a.jpg", tmp_path / "b.jpg")
    one, other = (looked_into(tmp_path / name) for name in ("a.jpg", "b.jpg"))
    assert (one.width, one.height, one.jpeg_quality) == (40, 60, 80)
    assert one.sha256 == other.sha256


def test_faces_are_found_once_and_kept() -> None:
    """A portrait gives its largest face; what lies around it is the same without it."""
    path = example()
    one = looked_into(path, faces=True)
    assert one.face is not None
    assert one.n_faces == 1
    assert one.sharpness > 40
    assert one.views[1].kind == "face"
    assert looked_into(path).face is None
    assert not np.array_equal(one.picture, one.blank)


def test_many_files_are_read_by_processes_in_order(tmp_path: Path) -> None:
    """Whoever reads them, what the files hold comes in the order of the files."""
    path = tmp_path / "a.png"
    photo_like(1, (40, 40)).save(path)
    candidates = [
        Candidate("drawn", Entry(path if index % 2 else tmp_path / "none", index))
        for index in range(FEW + 10)
    ]
    found = list(inspect_files(candidates, faces=False))
    assert [one.label for one in found] == list(range(FEW + 10))
    assert [bool(one.fault) for one in found] == [not index % 2 for index in range(FEW + 10)]
