"""Measuring: known answers, and no NaN where nothing can be measured."""

import json

import numpy as np
import pytest

from training.metrics import measure, reliability

SCORES = np.array([0.1, 0.4, 0.35, 0.8])
LABELS = np.array([0, 0, 1, 1])


def test_a_known_case_is_measured() -> None:
    """Two reals and two fakes, one fake under the threshold."""
    found = measure(SCORES, LABELS, 0.5)
    assert (found.n, found.n_real, found.n_fake) == (4, 2, 2)
    assert (found.accuracy, found.precision, found.recall) == (0.75, 1.0, 0.5)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.auc == pytest.approx(0.75)
    assert found.false_fake_rate == 0
    assert found.tpr_at_fpr is not None
    assert found.tpr_at_fpr["0.01"] == 0.5
    assert (found.confusion.true_real, found.confusion.false_real) == (2, 1)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_one_label_gives_none_and_a_sentence(labels: list[int]) -> None:
    """What needs both labels is None, with a note; the rest is measured; JSON holds no NaN."""
    found = measure(SCORES, np.array(labels), 0.5)
    assert (found.auc, found.precision, found.f1, found.tpr_at_fpr) == (None, None, None, None)
    assert found.note.endswith(".")
    assert found.accuracy == (0.25 if labels[0] else 0.75)
    json.dumps(found.to_dict(), allow_nan=False)


def test_nothing_gives_none_and_a_sentence() -> None:
    """No image at all is measured as such."""
    found = measure(np.empty(0), np.empty(0, np.int64), 0.5)
    assert (found.n, found.accuracy) == (0, None)
    assert "no image" in found.note


def test_true_scores_are_reliable() -> None:
    """Scores that are the share of fakes have no calibration error; confident lies have much."""
    labels = np.array([0, 1, 1, 1])
    assert reliability(np.full(4, 0.75), labels).expected_calibration_error == 0
    assert reliability(np.zeros(4), np.ones(4, np.int64)).expected_calibration_error == 1
