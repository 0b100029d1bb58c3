"""Decisions: margins to scores, scores to labels."""

import math

import numpy as np
import pytest

from core.errors import ConfigurationError
from core.terms import Label
from detector.decision import Calibration, Reading, of_image

CALIBRATION = Calibration(2.0, threshold=0.6, band_low=0.5, band_high=0.7, target_fpr=0.02)


def test_scores_are_the_sigmoid_of_the_cooled_margin() -> None:
    """A margin of the temperature's size gives sigmoid(1); none gives one half."""
    scores = CALIBRATION.scores(np.array([0.0, 2.0, -2.0], np.float32))
    assert scores.tolist() == pytest.approx([0.5, 0.731059, 0.268941], abs=1e-6)


def test_a_bias_is_where_scores_are_one_half() -> None:
    """It is taken from the margin; what was published without one has none."""
    shifted = Calibration.from_dict({**CALIBRATION.to_dict(), "bias": -1.0})
    assert shifted.scores(np.array([-1.0, 1.0], np.float32)).tolist() == pytest.approx(
        [0.5, 0.731059], abs=1e-6
    )
    stored = {name: value for name, value in shifted.to_dict().items() if name != "bias"}
    assert Calibration.from_dict(stored) == CALIBRATION


def test_extreme_margins_stay_within_zero_and_one() -> None:
    """No margin overflows."""
    scores = CALIBRATION.scores(np.array([-1e30, 1e30], np.float32))
    assert scores.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (0.0, Label.REAL),
        (math.nextafter(0.5, 0), Label.REAL),
        (0.5, Label.UNCERTAIN),
        (0.6, Label.UNCERTAIN),
        (math.nextafter(0.7, 0), Label.UNCERTAIN),
        (0.7, Label.FAKE),
        (1.0, Label.FAKE),
        (math.nan, Label.UNCERTAIN),
    ],
)
def test_labels_change_at_the_edges_of_the_band(score: float, label: Label) -> None:
    """The band holds its lower edge; its upper one is fake; a broken score is never real."""
    assert CALIBRATION.label(score) is label


def test_without_a_band_nothing_is_uncertain() -> None:
    """A band of no width leaves real and fake."""
    sharp = Calibration(1.0, threshold=0.5, band_low=0.5, band_high=0.5, target_fpr=0.02)
    assert (sharp.label(0.5), sharp.label(0.4999)) == (Label.FAKE, Label.REAL)


@pytest.mark.parametrize(
    "change",
    [{"temperature": 0}, {"band_low": 0.65}, {"band_high": 0.55}, {"band_high": 1.1},
     {"target_fpr": 0}, {"temperature": math.nan}, {"bias": math.inf}, {"threshold": "high"},
     {"extra": 1}],
)  # fmt: skip
def test_a_calibration_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    """A threshold outside its band, or a temperature that is not positive, does not load."""
    with pytest.raises(ConfigurationError):
        Calibration.from_dict({**CALIBRATION.to_dict(), **change})


def test_a_calibration_survives_storage() -> None:
    """What is written to calibration.json is what is read."""
    assert Calibration.from_dict(CALIBRATION.to_dict()) == CALIBRATION


def test_an_image_is_as_fake_as_its_face_with_the_highest_score() -> None:
    """One manipulated face among real ones makes it fake; a broken score is not hidden."""
    real, fake = Reading(Label.REAL, 0.2), Reading(Label.FAKE, 0.9)
    broken = Reading(Label.UNCERTAIN, math.nan)
    assert of_image([real, fake, real]) is fake
    assert of_image([real]) is real
    assert of_image([broken, fake]) is of_image([fake, broken]) is broken
