"""Calibration: temperature and bias are found again, and the threshold keeps its promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from training.calibrate import calibrate, fit_scores, threshold_at

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@pytest.mark.parametrize(("temperature", "bias"), [(0.5, 0.0), (1.0, -2.0), (3.0, 1.5)])
def test_what_shifted_and_stretched_the_margins_is_found(temperature: float, bias: float) -> None:
    """Labels drawn by sigmoid((margin - b) / T) give T and b back, within sampling error."""
    random = np.random.default_rng(0)
    margins = random.normal(0, 4, 20_000)
    labels = (random.random(20_000) < expit((margins - bias) / temperature)).astype(np.int64)
    found = fit_scores(margins, labels)
    assert found == (pytest.approx(temperature, rel=0.08), pytest.approx(bias, abs=0.15))


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
