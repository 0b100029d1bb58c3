"""Augmentation: random, repeatable, and harmless to what the network is fed."""

import random

import pytest

from tests.support.images import photo_like
from training.augment import augment
from training.config import Augmentation

ALWAYS = Augmentation(flip=1, rotate=1, colour=1, resample=1, blur=1, encode=1)
NEVER = Augmentation(min_crop_area=1, flip=0, rotate=0, colour=0, resample=0, blur=0, encode=0)


@pytest.mark.parametrize("size", [(64, 64), (178, 218), (300, 120)])
def test_the_outcome_is_an_rgb_square_within_the_image(size: tuple[int, int]) -> None:
    """Whatever is drawn, a square comes out that covers at least the least area."""
    for seed in range(20):
        image = augment(photo_like(0, size), ALWAYS, random.Random(seed))
        assert image.mode == "RGB"
        assert image.width == image.height
        assert min(size) ** 2 * 0.65 <= image.width**2 <= min(size) ** 2


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


@pytest.mark.parametrize("change", ["flip", "rotate", "colour", "resample", "blur", "encode"])
def test_each_change_changes(change: str) -> None:
    """Turned on alone, each change makes a difference."""
    picture = photo_like(0, (64, 64))
    only = NEVER.model_copy(update={change: 1.0})
    assert augment(picture, only, random.Random(1)).tobytes() != picture.tobytes()
