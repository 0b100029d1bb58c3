"""Augmentation: random, repeatable, and harmless to what the network is fed."""

import random
from typing import Any

import pytest
from PIL import Image

from tests.support.images import photo_like
from training import augment as augmentation
from training.augment import augment
from training.config import Augmentation

CHANGES = ("flip", "rotate", "colour", "resample", "blur", "noise", "encode", "erase")
ALWAYS = Augmentation(**dict.fromkeys((*CHANGES, "encode_again"), 1.0))
NEVER = Augmentation(**dict.fromkeys(CHANGES, 0.0), min_crop_area=1)


@pytest.mark.parametrize("size", [(64, 64), (178, 218), (300, 120)])
def test_the_outcome_is_an_rgb_square_within_the_image(size: tuple[int, int]) -> None:
    """Whatever is drawn, a square comes out, no smaller than the least crop and scale allow."""
    for seed in range(20):
        image = augment(photo_like(0, size), ALWAYS, random.Random(seed))
        assert image.mode == "RGB"
        assert image.width == image.height
        assert min(size) * 0.8 * 0.6 - 8 <= image.width <= min(size)


def test_the_same_draw_gives_the_same_image() -> None:
    """Augmentation follows its draw alone, so that a run can be repeated."""
    picture = photo_like(0, (64, 64))
    first = augment(picture, ALWAYS, random.Random(3)).tobytes()
    assert augment(picture, ALWAYS, random.Random(3)).tobytes() == first
    assert augment(picture, ALWAYS, random.Random(4)).tobytes() != first


def test_all_changes_can_be_turned_off() -> None:
    """With every share at 0 a square image stays as it is."""
    picture = photo_like(0, (64, 64))
    assert augment(picture, NEVER, random.Random(0)).tobytes() == picture.tobytes()


def test_the_original_is_left_alone() -> None:
    """The image that is handed in does not change."""
    picture = photo_like(0, (64, 64))
    before = picture.tobytes()
    augment(picture, ALWAYS, random.Random(1))
    assert picture.tobytes() == before


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_changes(change: str) -> None:
    """Turned on alone, each change makes a difference."""
    picture = photo_like(0, (64, 64))
    only = NEVER.model_copy(update={change: 1.0})
    assert augment(picture, only, random.Random(1)).tobytes() != picture.tobytes()


def test_a_second_encoding_does_not_lie_on_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two, some rows and columns are cut off, as cropping does in the wild."""
    sizes = []
    encode = augmentation._encode

    def noted(image: Image.Image, *given: Any) -> Image.Image:  # noqa: ANN401 - passed on
        sizes.append(image.size)
        return encode(image, *given)

    monkeypatch.setattr(augmentation, "_encode", noted)
    twice = NEVER.model_copy(update={"encode": 1.0, "encode_again": 1.0})
    augment(photo_like(0, (64, 64)), twice, random.Random(1))
    assert sizes == [(64, 64), (57, 57)]
