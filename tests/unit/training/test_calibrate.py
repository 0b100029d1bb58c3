"""Calibration: the temperature is found again, and the threshold keeps its promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from training.calibrate import calibrate, fit_temperature, threshold_at

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_the_margins_is_found(temperature: float) -> None:
    """Labels drawn by sigmoid(margin / T) give T back, within sampling error."""
    random = np.random.default_rng(0)
    margins = random.normal(0, 4, 20_000)
    labels = (random.random(20_000) < expit(margins / temperature)).astype(np.int64)
    assert fit_temperature(margins, labels) == pytest.approx(temperature, rel=0.08)


@settings(deadline=None)
@given(scores=SCORES, fpr=st.floats(0.001, 0.9))
def test_no_more_reals_than_the_target_are_flagged(scores: list[float], fpr: float) -> None:
    """At most the target share of the reals reaches the threshold, ties and ends included."""
    real = np.array(scores)
    threshold = threshold_at(real, fpr)
    assert 0 <= threshold <= 1
    if real.max() < 1:
        assert np.mean(real >= threshold) <= fpr


def test_the_threshold_is_no_stricter_than_needed() -> None:
    """Of a hundred reals, exactly the two highest are flagged at 2 %."""
    real = np.arange(100) / 100
    assert np.sum(real >= threshold_at(real, 0.02)) == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 1)), min_size=4, max_size=60))
def test_the_band_surrounds_the_threshold(drawn: list[tuple[float, int]]) -> None:
    """Any validation set with a real image gives a valid calibration."""
    margins = np.array([margin for margin, _ in drawn])
    labels = np.array([0, *(label for _, label in drawn[1:])])
    found = calibrate(margins, labels, target_fpr=0.02)
    assert found.band_low <= found.threshold <= found.band_high
