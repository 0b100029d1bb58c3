"""Measuring: known answers, intervals around them, and no NaN where nothing can be measured."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from training.metrics import measure

SCORES = np.array([0.1, 0.4, 0.35, 0.8])
LABELS = np.array([0, 0, 1, 1])
DRAWN = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 1), st.integers(0, 5)), min_size=0, max_size=40
)


def test_a_known_case_is_measured() -> None:
    """Two reals and two fakes, one fake under the threshold."""
    found = measure(SCORES, LABELS, 0.5)
    assert (found.n, found.n_real, found.n_fake) == (4, 2, 2)
    assert (found.accuracy, found.precision, found.recall) == (0.75, 1.0, 0.5)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.auc == pytest.approx(0.75)
    assert found.average_precision == pytest.approx(5 / 6)
    assert found.equal_error_rate == pytest.approx(0.5)
    assert found.false_fake_rate == 0
    assert found.tpr_at_fpr is not None
    assert found.tpr_at_fpr["0.01"] == 0.5
    assert (found.confusion.true_real, found.confusion.false_real) == (2, 1)
    assert found.intervals == {}


def test_measured_at_a_threshold_as_scikit_learn_does() -> None:
    """Precision, recall and F1 at a threshold are scikit-learn's."""
    draw = np.random.default_rng(1)
    scores, labels = draw.random(200), draw.integers(0, 2, 200)
    found, flagged = measure(scores, labels, 0.6), scores >= 0.6
    assert found.precision == pytest.approx(precision_score(labels, flagged))
    assert found.recall == pytest.approx(recall_score(labels, flagged))
    assert found.f1 == pytest.approx(f1_score(labels, flagged))


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_one_label_gives_none_and_a_sentence(labels: list[int]) -> None:
    """What needs both labels is None, with a note; the rest is measured; JSON holds no NaN."""
    found = measure(SCORES, np.array(labels), 0.5, rounds=10)
    assert (found.auc, found.precision, found.f1, found.tpr_at_fpr) == (None, None, None, None)
    assert (found.equal_error_rate, found.calibration_error) == (None, None)
    assert found.average_precision is None
    assert found.note.endswith(".")
    assert found.accuracy == (0.25 if labels[0] else 0.75)
    assert "accuracy" in found.intervals
    json.dumps(found.to_dict(), allow_nan=False)


def test_nothing_gives_none_and_a_sentence() -> None:
    """No image at all is measured as such."""
    found = measure(np.empty(0), np.empty(0, np.int64), 0.5, rounds=10)
    assert (found.n, found.accuracy) == (0, None)
    assert "no image" in found.note


def test_nothing_flagged_has_no_precision() -> None:
    """Where no image reaches the threshold, precision is None, and recall is 0."""
    found = measure(SCORES, LABELS, 0.9)
    assert (found.precision, found.recall, found.f1) == (None, 0, 0)


@settings(deadline=None, max_examples=60)
@given(drawn=DRAWN, threshold=st.floats(0, 1))
def test_intervals_hold_their_estimates_and_nothing_is_nan(
    drawn: list[tuple[float, int, int]], threshold: float
) -> None:
    """For any scores, labels and groups: numbers or None, each estimate within its interval."""
    scores, labels, groups = (np.array([one[i] for one in drawn]) for i in range(3))
    found = measure(
        scores.astype(float), labels.astype(int), threshold, groups=groups.astype(int), rounds=30
    )
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    content.update({f"tpr_at_fpr_{k}": v for k, v in (content.pop("tpr_at_fpr") or {}).items()})
    for name, (low, high) in content["intervals"].items():
        assert low <= content[name] <= high


def test_frames_of_few_videos_have_wide_intervals() -> None:
    """The same frames as 20 groups leave more open than as 2,000 images of their own."""
    draw = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 100)
    labels = groups % 2
    scores = np.clip(0.2 * labels + draw.normal(0.4, 0.2, 20)[groups], 0, 1)
    alone = measure(scores, labels, 0.5, rounds=200)
    grouped = measure(scores, labels, 0.5, groups=groups, rounds=200)
    widths = [high - low for low, high in (alone.intervals["auc"], grouped.intervals["auc"])]
    assert widths[1] > 3 * widths[0]


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """Of 100 test sets of 200 images, the interval of the AUC holds the true one mostly."""
    covered = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        labels = np.arange(200) % 2
        scores = 1 / (1 + np.exp(-draw.normal(labels * 1.0, 1.0)))
        low, high = measure(scores, labels, 0.5, rounds=100, seed=seed).intervals["auc"]
        covered += low <= 0.7602 <= high  # the AUC of two normals, one standard deviation apart
    assert 85 <= covered <= 100


def test_both_errors_of_calibration_are_told_apart() -> None:
    """The scores before the temperature are measured beside those after it."""
    found = measure(SCORES, LABELS, 0.5, uncalibrated=np.array([0.0, 0.0, 1.0, 1.0]))
    assert found.uncalibrated_error == 0
    assert found.calibration_error is not None
    assert found.calibration_error > 0.2
