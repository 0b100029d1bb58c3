"""Reliability: true scores have no calibration error, and confident lies have much."""

import numpy as np
import pytest
from scipy.special import expit

from training.calibrate import fit_scores
from training.metrics.reliability import calibration_errors, reliability


def test_true_scores_are_reliable() -> None:
    """Scores that are the share of fakes have no calibration error; confident lies have much."""
    labels = np.array([0, 1, 1, 1])
    assert reliability(np.full(4, 0.75), labels).expected_calibration_error == 0
    assert reliability(np.zeros(4), np.ones(4, np.int64)).expected_calibration_error == 1


def test_bins_that_hold_no_image_are_left_out() -> None:
    """Two groups of scores make two bins, each with its mean, its share and its count."""
    found = reliability(np.array([0.1, 0.15, 0.9, 1.0]), np.array([0, 1, 1, 1]))
    assert found.mean_scores == pytest.approx([0.125, 0.95])
    assert found.fake_shares == [0.5, 1.0]
    assert found.counts == [2, 2]
    assert found.expected_calibration_error == pytest.approx((0.375 + 0.05) / 2)


def test_weights_count_as_copies() -> None:
    """The error under weights is that of the images repeated."""
    scores, labels = np.array([0.2, 0.3, 0.8]), np.array([0, 1, 1])
    weighted = calibration_errors(scores, labels, np.array([[1.0, 2.0, 0.0]]))[0]
    copied = reliability(np.array([0.2, 0.3, 0.3]), np.array([0, 1, 1])).expected_calibration_error
    assert weighted == pytest.approx(copied)


def test_the_fitted_scores_mend_the_error() -> None:
    """Margins three times too large, and shifted, are far from the truth before, near it after."""
    draw = np.random.default_rng(0)
    margins = draw.normal(0, 4, 20_000)
    labels = (draw.random(20_000) < expit((margins - 2) / 3)).astype(np.int64)
    before = reliability(expit(margins), labels).expected_calibration_error
    temperature, bias = fit_scores(margins, labels)
    scores = expit((margins - bias) / temperature)
    assert reliability(scores, labels).expected_calibration_error < 0.02 < before
