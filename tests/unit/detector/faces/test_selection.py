"""Which faces are scored: the largest ones that are large and sharp enough."""

from dataclasses import replace

import pytest
from PIL import Image, ImageFilter

from core.terms import FaceReason, ItemCode
from detector.faces import Face, NoScorableFaceError, select, sharpness
from detector.preprocess import PreprocessingSpec
from tests.support.faces import face_at, portrait
from tests.support.images import photo_like

SPEC = PreprocessingSpec(faces="on", min_face_px=40, max_faces=2, min_sharpness=10)
PICTURE = photo_like(1, (600, 400))
LARGE, MIDDLE, SMALL = (
    face_at((x, 50, x + side, 50 + side)) for x, side in ((0, 120), (200, 80), (400, 60))
)
TINY = face_at((500, 300, 530, 339))


def refused(image: Image.Image, faces: list[Face]) -> NoScorableFaceError:
    """Return the error that says why no face is scored; its message is a sentence."""
    with pytest.raises(NoScorableFaceError) as caught:
        select(image, faces, SPEC)
    assert caught.value.message.endswith(".")
    assert (caught.value.width, caught.value.height) == image.size
    return caught.value


def test_the_largest_faces_are_scored() -> None:
    """The others are told with the reason, in their order."""
    chosen = select(PICTURE, [LARGE, MIDDLE, SMALL, TINY], SPEC)
    assert chosen.scored == (LARGE, MIDDLE)
    assert [(one.face, one.reason) for one in chosen.unscored] == [
        (SMALL, FaceReason.NOT_AMONG_LARGEST),
        (TINY, FaceReason.FACE_TOO_SMALL),
    ]


def test_the_longer_side_is_what_counts() -> None:
    """A face of exactly the least length is scored."""
    narrow = face_at((10, 10, 30, 50))
    assert select(PICTURE, [narrow], SPEC).scored == (narrow,)


def test_a_blurred_face_makes_room_for_a_sharp_one() -> None:
    """A face that is out of focus is not scored, and does not count among the largest."""
    picture = PICTURE.copy()
    picture.paste(picture.crop((0, 0, 150, 200)).filter(ImageFilter.GaussianBlur(12)), (0, 0))
    chosen = select(picture, [LARGE, MIDDLE, SMALL], SPEC)
    assert chosen.scored == (MIDDLE, SMALL)
    assert [one.reason for one in chosen.unscored] == [FaceReason.FACE_TOO_BLURRY]


def test_no_face_is_a_reason() -> None:
    """A picture without a face says what to do."""
    error = refused(PICTURE, [])
    assert (error.code, error.unscored) == (ItemCode.NO_FACE, ())
    assert "faces off" in error.message


def test_too_small_is_a_reason() -> None:
    """The sentence says how long the face is, and how long it must be."""
    error = refused(PICTURE, [TINY])
    assert error.code == ItemCode.FACE_TOO_SMALL
    assert "39 pixels" in error.message
    assert "below 40" in error.message
    assert [one.face for one in error.unscored] == [TINY]


def test_too_blurred_is_a_reason() -> None:
    """It is told before smaller faces that are too small."""
    error = refused(PICTURE.filter(ImageFilter.GaussianBlur(15)), [LARGE, TINY])
    assert error.code == ItemCode.FACE_TOO_BLURRY
    assert [one.reason for one in error.unscored] == [
        FaceReason.FACE_TOO_BLURRY,
        FaceReason.FACE_TOO_SMALL,
    ]


def test_no_threshold_takes_a_blurred_face() -> None:
    """With a sharpness of 0 everything is sharp enough."""
    blurred = Image.new("RGB", (600, 400), "tan")
    lenient = replace(SPEC, min_sharpness=0)
    assert select(blurred, [LARGE], lenient).scored == (LARGE,)


def test_sharpness_falls_with_blur() -> None:
    """A portrait is far above the default threshold, and far below once it is unrecognizable."""
    picture, face = portrait(), face_at((183, 63, 268, 174))
    measured = [
        sharpness(picture.filter(ImageFilter.GaussianBlur(radius)), face) for radius in (0, 1, 2, 5)
    ]
    assert measured == sorted(measured, reverse=True)
    assert measured[0] > 20 * SPEC.min_sharpness
    assert measured[-1] < SPEC.min_sharpness


def test_sharpness_hardly_depends_on_size() -> None:
    """A picture of twice the size is as sharp, as long as there is detail to lose."""
    picture, face = portrait(), face_at((183, 63, 268, 174))
    twice = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.LANCZOS)
    large = face_at((366, 126, 536, 348))
    assert sharpness(twice, large) == pytest.approx(sharpness(picture, face), rel=0.2)
