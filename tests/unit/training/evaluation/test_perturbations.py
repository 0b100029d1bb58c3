"""Perturbations: repeatable, of the promised size, and lossless beside what they do."""

import io
import random

import numpy as np
import pytest
from PIL import Image

from detector.preprocess import DecodeLimits, decode
from tests.support.images import encoded, photo_like
from training.evaluation.perturbations import (
    KERNELS,
    STRENGTHS,
    Perturbation,
    as_lossless_file,
    everyone,
)

PICTURE = photo_like(5, (96, 80))
EVERY = list(everyone())


def distance(perturbation: Perturbation) -> float:
    """Return how far, on average, a picture of the same size is from the original."""
    changed = perturbation.apply(PICTURE, random.Random(0)).resize(PICTURE.size)
    return float(np.abs(np.asarray(changed, float) - np.asarray(PICTURE, float)).mean())


def test_every_kind_and_kernel_is_there() -> None:
    """JPEG from 100 to 10, resizing from a quarter to double with six kernels, and the others."""
    assert {one.kind for one in EVERY} == set(STRENGTHS)
    qualities = [one.strength for one in EVERY if one.kind == "jpeg"]
    factors = [one.strength for one in EVERY if one.kind == "resize" and one.kernel == "lanczos"]
    assert (max(qualities), min(qualities)) == (100, 10)
    assert (max(factors), min(factors)) == (2, 0.25)
    assert {one.kernel for one in EVERY if one.kind == "resize"} == set(KERNELS)
    assert len(KERNELS) == 6


@pytest.mark.parametrize("perturbation", EVERY, ids=str)
def test_the_same_draw_gives_the_same_picture(perturbation: Perturbation) -> None:
    """Whatever is drawn follows from the draw alone, and the original is left as it was."""
    before = PICTURE.tobytes()
    one, again = (perturbation.apply(PICTURE, random.Random(3)) for _ in range(2))
    assert one.mode == "RGB"
    assert one.tobytes() == again.tobytes()
    assert PICTURE.tobytes() == before


@pytest.mark.parametrize("kind", ["jpeg", "webp", "blur", "noise", "screenshot"])
def test_strengths_go_from_mild_to_harsh(kind: str) -> None:
    """The last strength of a kind changes a picture more than the first."""
    _, strengths = STRENGTHS[kind]
    assert distance(Perturbation(kind, strengths[-1])) > 1.5 * distance(
        Perturbation(kind, strengths[0])
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_resize_has_its_size(kernel: str) -> None:
    """Both sides change by the factor."""
    halved = Perturbation("resize", 0.5, kernel).apply(PICTURE, random.Random(0))
    assert halved.size == (48, 40)


def test_a_crop_is_a_part_of_the_picture() -> None:
    """The pixels that are kept are those that were there."""
    part = np.asarray(Perturbation("crop", 0.5).apply(PICTURE, random.Random(1)))
    whole = np.asarray(PICTURE)
    assert part.shape == (40, 48, 3)
    places = [(y, x) for y in range(41) for x in range(49)]
    assert any(np.array_equal(whole[y : y + 40, x : x + 48], part) for y, x in places)


def test_noise_is_as_strong_as_it_says() -> None:
    """On mid grey, the deviation is the promised one, and other places draw other grain."""
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    noisy = Perturbation("noise", 10).apply(grey, random.Random(0))
    assert np.asarray(noisy, float).std() == pytest.approx(10, rel=0.05)
    data, change = encoded(grey, "PNG"), Perturbation("noise", 10).on_files(1)
    assert change(data, 0) == change(data, 0)
    assert change(data, 0) != change(data, 1)
    assert change(data, 0) != Perturbation("noise", 10).on_files(2)(data, 0)


def test_a_changed_picture_is_kept_without_loss() -> None:
    """What is handed on decodes to exactly the changed pixels."""
    changed = Perturbation("blur", 2).apply(PICTURE, random.Random(0))
    again = decode(as_lossless_file(changed), DecodeLimits())
    assert again.tobytes() == changed.tobytes()


def test_files_are_decoded_as_serving_decodes_them() -> None:
    """A picture that its EXIF turns is turned before it is changed."""
    exif = Image.Exif()
    exif[274] = 6  # stored lying on its side
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", exif=exif)
    changed = Perturbation("resize", 0.5, "box").on_files(0)(buffer.getvalue(), 0)
    assert Image.open(io.BytesIO(changed)).size == (40, 48)
