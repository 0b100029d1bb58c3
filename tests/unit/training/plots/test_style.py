"""The style: readable in both themes, and every chart becomes a picture for each."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tests.support.contrast import contrast
from training.metrics import Confusion, reliability
from training.plots import (
    in_both_themes,
    plot_attacks,
    plot_confusion,
    plot_precision_recall,
    plot_reliability,
    plot_robustness,
    plot_roc,
    plot_scores,
    save,
)
from training.plots.style import DARK, LIGHT, Theme

SCORES = np.array([0.1, 0.2, 0.4, 0.6, 0.7, 0.9])
LABELS = np.array([0, 0, 1, 0, 1, 1])
SETS = {"all": (SCORES, LABELS)}
TICKS = ("as it is", "50", "10")
LINES = {"all": [0.9, None, 0.6], "a dataset of a rather long name": [0.8, 0.7, 0.5]}


def charts() -> list[Figure]:
    """Return one of every chart."""
    found = reliability(SCORES, LABELS)
    return [
        plot_roc(SETS),
        plot_precision_recall(SETS),
        plot_reliability(found, found),
        plot_reliability(None, found),
        plot_scores(SCORES, LABELS, 0.5),
        plot_scores(SCORES[LABELS == 0], LABELS[LABELS == 0], 0.9),
        plot_confusion(Confusion(3, 1, 2, 0)),
        plot_confusion(Confusion(0, 0, 2, 0)),
        plot_robustness("JPEG", "quality", TICKS, LINES, {"all": [0.1, 0.2, None]}),
        plot_attacks(TICKS, LINES, {}),
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_lines_and_text_stand_out_from_the_ground(theme: Theme) -> None:
    """Text and every line keep 4.5:1, in both themes."""
    for colour in (theme.ink, *theme.series):
        assert contrast(colour, theme.ground) >= 4.5, colour


@pytest.mark.parametrize("number", range(10))
def test_every_chart_is_a_picture_in_both_themes(number: int) -> None:
    """Two PNG images of one size, on a light and on a dark ground."""
    picture = in_both_themes(lambda: charts()[number], "what it shows")
    shades = []
    for uri in (picture.light, picture.dark):
        match = re.fullmatch(r"data:image/png;base64,([A-Za-z0-9+/=]+)", uri)
        assert match
        image = Image.open(io.BytesIO(base64.b64decode(match[1]))).convert("L")
        shades.append((image.size, image.getpixel((0, 0))))
    (size, light), (other, dark) = shades
    assert size == other
    assert light == 255
    assert isinstance(dark, int)
    assert dark < 40
    assert picture.alt == "what it shows"


def test_a_chart_is_saved_in_the_light_theme(tmp_path: Path) -> None:
    """Files for cards are drawn on white."""
    file = tmp_path / "roc.png"
    save(lambda: plot_roc(SETS), file)
    assert Image.open(file).convert("L").getpixel((0, 0)) == 255


def test_a_name_has_one_line_style_in_both_panels() -> None:
    """What is drawn above and below is told once, and looks the same in both."""
    _, second = LINES
    figure = plot_robustness("JPEG", "quality", TICKS, LINES, {second: [0.1, 0.2, 0.3]})
    upper, lower = figure.axes
    first_colour, second_colour = (line.get_color() for line in upper.get_lines())
    assert [line.get_color() for line in lower.get_lines()] == [second_colour]
    assert first_colour != second_colour
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(LINES)
