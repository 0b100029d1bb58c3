"""Preprocessing of faces: one square a face, the same for training and for serving."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.errors import ConfigurationError
from core.terms import ItemCode
from detector.detector import Detector
from detector.faces import NoScorableFaceError, crop_face, shared_finder
from detector.preprocess import (
    DecodeLimits,
    PreprocessingSpec,
    decode,
    prepare,
    prepare_faces,
    to_pixels,
)
from tests.support.faces import example, face_at, overlap, portrait
from tests.support.images import encoded, jpeg_bytes, photo_like
from tests.support.models import write_tiny_model_version

LIMITS = DecodeLimits()
SPEC = PreprocessingSpec(faces="on")
# Of the square around a made-up face: if it changes, so do scores, and the specification needs a
# new version.
GOLDEN_SHA256 = "16d24c8b7af4e7077ad4d1fac7321420197d4911556b89a1af65b982465f69e0"
VERSION_1 = {
    "size": 224,
    "resampling": "bicubic",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "faces": "off",
    "version": 1,
}


def test_a_portrait_gives_the_square_around_its_face() -> None:
    """Serving cuts, bit for bit, what training cuts around the face that the finder finds."""
    data = example().read_bytes()
    image = decode(data, LIMITS)
    (face,) = shared_finder().find(image)
    prepared = prepare(data, SPEC, LIMITS)
    assert prepared.faces == (face,)
    assert np.array_equal(prepared.pixels, [to_pixels(crop_face(image, face, SPEC), SPEC)])
    assert (prepared.width, prepared.height, prepared.unscored) == (512, 512, ())


def test_each_face_gives_a_square() -> None:
    """The squares are those of the faces, in their order."""
    prepared = prepare(example("hard/two-faces").read_bytes(), SPEC, LIMITS)
    assert prepared.pixels.shape == (2, 3, 224, 224)
    assert prepared.faces[0].side > prepared.faces[1].side
    image = portrait("hard/two-faces")
    for pixels, face in zip(prepared.pixels, prepared.faces, strict=True):
        assert np.array_equal(pixels, to_pixels(crop_face(image, face, SPEC), SPEC))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_boxes_are_those_of_the_displayed_image(orientation: int) -> None:
    """However a camera stored the picture, faces are found in it as it is shown."""
    shown = portrait("hard/two-faces").resize((320, 160))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = encoded(shown.transpose(undo[orientation]), "PNG", exif=exif)
    turned, upright = (prepare(data, SPEC, LIMITS) for data in (stored, encoded(shown, "PNG")))
    assert turned.faces == upright.faces
    assert np.array_equal(turned.pixels, upright.pixels)
    assert (turned.width, turned.height) == shown.size


def test_a_turned_example_has_its_face_where_it_is_shown() -> None:
    """The example that a camera turned shows the same face as the photograph it was made from."""
    turned = prepare(example("hard/turned-by-exif").read_bytes(), SPEC, LIMITS)
    straight = prepare(example("photos/navy-portrait").read_bytes(), SPEC, LIMITS)
    assert (turned.width, turned.height) == (straight.width, straight.height)
    assert overlap(turned.faces[0].box, straight.faces[0].box) > 0.9


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (portrait("photos/cat"), ItemCode.NO_FACE),
        (portrait().resize((150, 150)), ItemCode.FACE_TOO_SMALL),
        (portrait().filter(ImageFilter.GaussianBlur(6)), ItemCode.FACE_TOO_BLURRY),
    ],
    ids=["cat", "small", "blurred"],
)
def test_images_without_a_face_to_score_are_not_applicable(
    image: Image.Image, code: ItemCode
) -> None:
    """The reason is told, with the faces that were found."""
    with pytest.raises(NoScorableFaceError) as caught:
        prepare(encoded(image, "PNG"), SPEC, LIMITS)
    assert caught.value.code == code
    assert [one.reason for one in caught.value.unscored] == (
        [] if code == ItemCode.NO_FACE else [code.value]
    )


def test_a_face_at_the_border_is_scored() -> None:
    """A face that is cut off by the picture's edge gives a square of the picture's own pixels."""
    half = portrait().crop((215, 0, 512, 400))
    prepared = prepare(encoded(half, "PNG"), SPEC, LIMITS)
    assert prepared.faces[0].box[0] < 2
    assert np.array_equal(
        prepared.pixels[0], to_pixels(crop_face(half, prepared.faces[0], SPEC), SPEC)
    )


def test_the_square_of_a_face_is_the_golden_one() -> None:
    """A drawn picture and a made-up face give, bit for bit, the pixels that they always gave."""
    picture = photo_like(1, (300, 400))
    prepared = prepare_faces(picture, [face_at((100, 120, 190, 250))], SPEC)
    assert hashlib.sha256(prepared.pixels.tobytes()).hexdigest() == GOLDEN_SHA256


def test_the_first_specification_still_means_the_whole_image() -> None:
    """What was published before faces were found gives the very same pixels."""
    spec = PreprocessingSpec.from_dict(json.loads(json.dumps(VERSION_1)))
    data = jpeg_bytes(3, (90, 70))
    assert not spec.finds_faces
    prepared = prepare(data, spec, LIMITS)
    assert np.array_equal(prepared.pixels, [to_pixels(decode(data, LIMITS), spec)])
    assert (prepared.faces, prepared.unscored) == ((), ())


@pytest.mark.parametrize(
    "change",
    [
        {"faces": "on"},
        {"version": 2, "faces": "perhaps"},
        {"version": 2, "max_faces": 0},
        {"version": 2, "face_margin": 0.0},
        {"version": 2, "min_sharpness": -1.0},
    ],
)
def test_a_specification_of_faces_that_is_not_understood_is_refused(
    change: dict[str, object],
) -> None:
    """The first version knew no faces, and some numbers mean nothing."""
    with pytest.raises(ConfigurationError):
        PreprocessingSpec.from_dict(VERSION_1 | change)


def test_a_detector_of_faces_scores_each(tmp_path: Path) -> None:
    """With a version that finds faces, an image gives a margin for each; whole, it gives one."""
    folder = write_tiny_model_version(tmp_path, faces="on")
    detector = Detector.load(folder, device="cpu")
    detector.warm_up()
    data = example("hard/two-faces").read_bytes()
    assert detector.finds_faces
    assert len(detector.forward(detector.prepare(data).pixels)) == 2
    whole = detector.prepare_whole(data)
    assert (len(detector.forward(whole.pixels)), whole.faces) == (1, ())
    image = Image.open(io.BytesIO(data))
    assert np.array_equal(whole.pixels, [to_pixels(image, detector.spec)])
