"""Deletion and insertion: a heatmap that is right does better than one that is wrong."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from detector.explain import Heatmap
from training.evaluation.faithfulness import Faithfulness, faithfulness

SIZE, CELLS = 32, 8


class SpotEngine:
    """Finds an image fake by how much contrast its upper left corner has."""

    device = "cpu"

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margin of each image."""
        corner = pixels[:, :, : SIZE // 4, : SIZE // 4].astype(np.float32)
        return corner.std(axis=(1, 2, 3)) / 10 - 4


def _square() -> NDArray[np.uint8]:
    draw = np.random.default_rng(5)
    return draw.integers(0, 2, (3, SIZE, SIZE)).astype(np.uint8) * 255


def _at_the_corner() -> Heatmap:
    heat = np.zeros((CELLS, CELLS), np.float32)
    heat[:2, :2] = 1
    return heat


def _for_fake(pixels: NDArray[np.uint8], heat: Heatmap) -> Faithfulness:
    return faithfulness(SpotEngine(), pixels, heat, expit)


def test_the_right_cells_make_the_score_fall_and_rise_at_once() -> None:
    """The wrong ones leave it until the end."""
    right = _for_fake(_square(), _at_the_corner())
    wrong = _for_fake(_square(), 1 - _at_the_corner())
    assert right.deletion < 0.2 < 0.8 < wrong.deletion
    assert wrong.insertion < 0.2 < 0.8 < right.insertion
    assert right.gain > 0.6
    assert wrong.gain < -0.6


def test_the_score_is_that_of_the_verdict() -> None:
    """A grey square is surely real, whatever of it is hidden."""
    grey = np.full((3, SIZE, SIZE), 128, np.uint8)
    real = faithfulness(SpotEngine(), grey, _at_the_corner(), lambda margins: 1 - expit(margins))
    fake = _for_fake(grey, _at_the_corner())
    assert real.insertion > 0.95
    assert fake.insertion < 0.05


def test_a_map_of_nothing_is_one_of_chance() -> None:
    """No row of it comes first: what is hidden first lies anywhere, and always there."""
    nothing = np.zeros((CELLS, CELLS), np.float32)
    found = _for_fake(_square(), nothing)
    assert found == _for_fake(_square(), nothing)
    assert _for_fake(_square(), _at_the_corner()).gain > found.gain
    assert found.gain > _for_fake(_square(), 1 - _at_the_corner()).gain
