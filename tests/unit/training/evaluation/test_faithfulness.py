"""Deletion and insertion: a heatmap that is right does better than one that is wrong."""

import numpy as np
from numpy.typing import NDArray

from detector.explain import Heatmap
from training.evaluation.faithfulness import STEPS, faithfulness

SIZE, CELLS = 32, 8


class SpotEngine:
    """Finds an image fake by how much contrast its upper left corner has."""

    device = "cpu"

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margin of each image."""
        corner = pixels[:, :, : SIZE // 4, : SIZE // 4].astype(np.float32)
        return corner.std(axis=(1, 2, 3)) / 10 - 4


def _squares() -> list[NDArray[np.uint8]]:
    draw = np.random.default_rng(5)
    return [draw.integers(0, 2, (3, SIZE, SIZE)).astype(np.uint8) * 255 for _ in range(3)]


def _at_the_corner(_pixels: NDArray[np.uint8], _is_fake: bool) -> Heatmap:
    heat = np.zeros((CELLS, CELLS), np.float32)
    heat[:2, :2] = 1
    return heat


def _anywhere_else(pixels: NDArray[np.uint8], is_fake: bool) -> Heatmap:
    return 1 - _at_the_corner(pixels, is_fake)


def test_the_right_cells_make_the_score_fall_and_rise_at_once() -> None:
    """The wrong ones leave it until the end."""
    right = faithfulness(SpotEngine(), _squares(), _at_the_corner)
    wrong = faithfulness(SpotEngine(), _squares(), _anywhere_else)
    assert right.deletion < 0.2 < 0.8 < wrong.deletion
    assert wrong.insertion < 0.2 < 0.8 < right.insertion
    assert right.gain > 0.6
    assert wrong.gain < -0.6


def test_the_verdict_is_the_one_that_the_square_gets() -> None:
    """A heatmap for a real image is asked for as such, and its score is that of real."""
    asked: list[bool] = []

    def note(pixels: NDArray[np.uint8], is_fake: bool) -> Heatmap:
        asked.append(is_fake)
        return _at_the_corner(pixels, is_fake)

    grey = np.full((3, SIZE, SIZE), 128, np.uint8)
    found = faithfulness(SpotEngine(), [grey, _squares()[0]], note)
    assert asked == [False, True]
    assert found.insertion > 0.8
    assert STEPS > 1
