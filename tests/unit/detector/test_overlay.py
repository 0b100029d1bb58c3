"""Overlays: where the heat lies on the image, and that it is seen on light and dark grounds."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.explain.overlay import LONGEST_SIDE, overlay_face, overlay_image, palette
from detector.faces import crop_face, square_around
from detector.preprocess import PreprocessingSpec
from detector.square import Square
from tests.support.faces import face_at


def opacity(png: bytes) -> NDArray[np.uint8]:
    """Return how opaque each pixel of the picture is."""
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGBA"))[:, :, 3]


def corner_heat() -> NDArray[np.float32]:
    """Return a heatmap that is hot in its left upper quarter alone."""
    heat = np.zeros((14, 14), np.float32)
    heat[:7, :7] = 1
    return heat


def luminance(colour: NDArray[np.float64]) -> float:
    """Return the relative luminance of an sRGB colour, as WCAG 2 defines it."""
    parts = colour / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def test_the_overlay_of_a_face_has_the_size_and_place_of_its_square() -> None:
    """Hot where the heat is, see-through where there is none."""
    made = overlay_face(corner_heat(), Square(30, 40, 56))
    seen = opacity(made.png)
    assert made.box == (30, 40, 86, 96)
    assert seen.shape == (56, 56)
    assert seen[:20, :20].min() > 200
    assert seen[36:, 36:].max() == 0


def test_the_overlay_of_an_image_covers_all_of_it() -> None:
    """The square in the middle is what was looked at; beside it nothing is coloured."""
    made = overlay_image(np.ones((14, 14), np.float32), Square(50, 0, 100), width=200, height=100)
    seen = opacity(made.png)
    assert made.box == (0, 0, 200, 100)
    assert seen.shape == (100, 200)
    assert seen[:, 50:150].min() > 200
    assert seen[:, :50].max() == seen[:, 150:].max() == 0


def test_the_overlay_of_a_large_image_is_smaller_than_it() -> None:
    """But says where it lies in the image's own pixels."""
    made = overlay_image(corner_heat(), Square(1000, 0, 6000), width=8000, height=6000)
    assert made.box == (0, 0, 8000, 6000)
    assert opacity(made.png).shape == (round(LONGEST_SIDE * 3 / 4), LONGEST_SIDE)


def test_a_turned_face_gets_its_heat_where_it_is_in_the_picture() -> None:
    """A mark that the network sees in a corner of the level square lies under the heat."""
    picture = np.zeros((200, 200, 3), np.uint8)
    face = face_at((60, 60, 140, 140), tilt=40)
    spec = PreprocessingSpec(size=56, faces="on")
    square = square_around((200, 200), face, spec)
    for row in range(200):
        for column in range(200):
            picture[row, column] = (row, column, 0)
    level = np.asarray(crop_face(Image.fromarray(picture), face, spec), np.float64)
    side = level.shape[0]
    row, column = side // 3, side // 3
    heat = np.zeros((14, 14), np.float32)
    heat[row * 14 // side, column * 14 // side] = 1
    seen = opacity(overlay_face(heat, square).png).astype(np.float64)
    rows, columns = np.indices(seen.shape)
    hot_row = (rows * seen).sum() / seen.sum() + square.top
    hot_column = (columns * seen).sum() / seen.sum() + square.left
    assert hot_row == pytest.approx(level[row, column, 0], abs=6)
    assert hot_column == pytest.approx(level[row, column, 1], abs=6)


@pytest.mark.parametrize("ground", [0, 255])
def test_heat_stands_out_from_light_and_dark_grounds(ground: int) -> None:
    """By 3 to 1 at its hottest, which is what WCAG asks of graphics."""
    *colour, alpha = palette()[-1].astype(np.float64)
    seen = luminance(np.array(colour) * alpha / 255 + ground * (1 - alpha / 255))
    light, dark = sorted((seen, luminance(np.full(3, float(ground)))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_hotter_is_denser() -> None:
    """So that the order of the heat is seen without colours; what is hardly warm is no haze."""
    opacities = palette()[:, 3].astype(int)
    assert (np.diff(opacities) >= 0).all()
    assert opacities[0] == 0
    assert opacities[len(opacities) // 10] < 10
