"""Cropping: the square that training and serving cut around a face."""

import math

import numpy as np
import pytest
from PIL import Image

from detector.faces import Face, crop_face
from detector.preprocess import PreprocessingSpec, to_pixels
from tests.support.faces import face_at
from tests.support.images import photo_like

SPEC = PreprocessingSpec(size=64, faces="on")


def test_a_level_face_is_copied_without_resampling() -> None:
    """The square's pixels are the picture's own, the margin times the longer side around it."""
    picture = photo_like(1, (400, 300))
    crop = crop_face(picture, face_at((100, 80, 180, 180)), SPEC)
    assert crop.size == (130, 130)
    assert crop.tobytes() == picture.crop((75, 65, 205, 195)).tobytes()


def test_a_face_at_the_border_moves_the_square_inwards() -> None:
    """No pixel is invented: the square ends where the picture does."""
    picture = photo_like(2, (300, 200))
    crop = crop_face(picture, face_at((230, 120, 300, 200)), SPEC)
    assert crop.tobytes() == picture.crop((196, 96, 300, 200)).tobytes()


def test_a_face_that_fills_the_picture_gives_the_largest_square() -> None:
    """Where the margin does not fit, the square is as long as the picture's shorter side."""
    picture = photo_like(3, (178, 218))
    assert crop_face(picture, face_at((5, 10, 173, 215)), SPEC).size == (178, 178)


@pytest.mark.parametrize("degrees", [-40, -25, 25, 40])
@pytest.mark.parametrize("side", [40, 200])
def test_a_tilted_face_is_turned_level(degrees: float, side: int) -> None:
    """The eyes of a face that is tilted noticeably come to lie on one level."""
    face = face_at((300 - side / 2, 300 - side / 2, 300 + side / 2, 300 + side / 2), tilt=degrees)
    picture = Image.new("RGB", (600, 600), "white")
    dot = max(2, side // 20)
    for x, y in face.landmarks[:2]:
        picture.paste("black", (round(x) - dot, round(y) - dot, round(x) + dot, round(y) + dot))
    crop = np.asarray(crop_face(picture, face, SPEC).convert("L"), np.float64)
    dark = 255 - crop
    half = crop.shape[1] // 2
    rows = np.arange(crop.shape[0])
    left, right = (
        (part.sum(axis=1) * rows).sum() / part.sum() for part in (dark[:, :half], dark[:, half:])
    )
    assert abs(left - right) < 0.02 * crop.shape[0]


def test_a_slight_tilt_is_left_as_it_is() -> None:
    """Turning costs detail, and the eyes are found to some degrees only."""
    picture = photo_like(4, (300, 300))
    level, slight = (
        crop_face(picture, face_at((100, 100, 200, 200), tilt=t), SPEC) for t in (0, 15)
    )
    assert level.tobytes() == slight.tobytes()


def test_eyes_that_lie_together_tell_no_tilt() -> None:
    """Of a face seen from the side, the eyes' line is noise."""
    face = face_at((100, 100, 200, 200))
    beside = ((150.0, 140.0), (152.0, 146.0), *face.landmarks[2:])
    picture = photo_like(5, (300, 300))
    assert crop_face(picture, Face(face.box, 1.0, beside), SPEC).tobytes() == (
        crop_face(picture, face, SPEC).tobytes()
    )


def test_a_turned_square_has_no_black_corner() -> None:
    """What lies beyond the picture is mirrored, so that no corner tells of a border."""
    picture = Image.new("RGB", (200, 200), "white")
    crop = crop_face(picture, face_at((20, 20, 180, 180), tilt=35), SPEC)
    assert np.asarray(crop).min() == 255


def test_a_small_turned_face_is_resampled_once() -> None:
    """It comes in the size that the network takes, so `to_pixels` copies it."""
    crop = crop_face(photo_like(6, (200, 200)), face_at((80, 80, 120, 120), tilt=30), SPEC)
    assert crop.size == (64, 64)
    pixels = to_pixels(crop, SPEC)
    assert np.array_equal(pixels.transpose(1, 2, 0), np.asarray(crop))


def test_training_varies_the_square() -> None:
    """Scale, shift and degrees change its side, its place and its angle."""
    picture, face = photo_like(7, (500, 500)), face_at((200, 200, 300, 300))
    assert crop_face(picture, face, SPEC, scale=0.8).size == (104, 104)
    moved = crop_face(picture, face, SPEC, shift=(0.1, -0.2))
    assert moved.tobytes() == picture.crop((198, 159, 328, 289)).tobytes()
    turned = crop_face(picture, face, SPEC, degrees=90)
    straight = crop_face(picture, face, SPEC)
    quarter = np.asarray(straight.rotate(-90), np.int16)
    assert np.abs(np.asarray(turned, np.int16) - quarter).max() <= 1


def test_tilt_is_the_angle_of_the_eyes() -> None:
    """It is positive where the right eye, as seen, lies lower."""
    assert math.isclose(face_at((0, 0, 100, 100), tilt=12).tilt, 12)
