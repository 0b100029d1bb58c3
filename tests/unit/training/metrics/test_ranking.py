"""Ranking: the same numbers as scikit-learn, under any weights, ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from training.metrics.ranking import (
    Floats,
    Labels,
    area_under_roc,
    average_precision,
    equal_error_rate,
    rank,
    tpr_at_fpr,
)

DRAWN = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=2, max_size=40).filter(
    lambda drawn: len({label for _, label in drawn}) == 2
)


def taken_apart(drawn: list[tuple[int, int]]) -> tuple[Floats, Labels]:
    """Return the scores, of few distinct values, and the labels."""
    return np.array([score / 12 for score, _ in drawn]), np.array([label for _, label in drawn])


@pytest.mark.parametrize("digits", [1, 8])
def test_weighted_values_are_those_of_scikit_learn(digits: int) -> None:
    """Each row of weights gives what scikit-learn gives with it, with many ties and without."""
    draw = np.random.default_rng(0)
    scores, labels = np.round(draw.random(300), digits), draw.integers(0, 2, 300)
    weights = draw.integers(0, 3, (5, 300)).astype(float)
    ranking = rank(scores, labels, weights)
    for number, row in enumerate(weights):
        auc = roc_auc_score(labels, scores, sample_weight=row)
        precision = average_precision_score(labels, scores, sample_weight=row)
        fpr, tpr, _ = roc_curve(labels, scores, sample_weight=row, drop_intermediate=False)
        assert area_under_roc(ranking)[number] == pytest.approx(auc)
        assert average_precision(ranking)[number] == pytest.approx(precision)
        assert tpr_at_fpr(ranking, 0.05)[number] == pytest.approx(tpr[fpr <= 0.05].max())


def test_the_equal_error_rate_of_a_known_case() -> None:
    """One of four reals above and one of four fakes below the cut is a rate of a quarter."""
    scores = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.7, 0.9, 0.95])
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert equal_error_rate(rank(scores, labels, np.ones((1, 8))))[0] == pytest.approx(0.25)


def test_an_equal_error_rate_between_two_cuts_lies_on_the_line() -> None:
    """Where all scores are equal, the line from nothing flagged to all flagged crosses at half."""
    ranking = rank(np.full(5, 0.3), np.array([0, 1, 1, 1, 1]), np.ones((1, 5)))
    assert equal_error_rate(ranking)[0] == pytest.approx(0.5)


@settings(deadline=None)
@given(DRAWN)
def test_the_area_is_symmetric(drawn: list[tuple[int, int]]) -> None:
    """Turning the scores around, or the labels, mirrors the area at one half."""
    scores, labels = taken_apart(drawn)
    one = np.ones((1, len(labels)))
    area = area_under_roc(rank(scores, labels, one))[0]
    assert area_under_roc(rank(-scores, labels, one))[0] == pytest.approx(1 - area)
    assert area_under_roc(rank(scores, 1 - labels, one))[0] == pytest.approx(1 - area)


@settings(deadline=None)
@given(DRAWN)
def test_weights_are_copies(drawn: list[tuple[int, int]]) -> None:
    """An image that counts twice is two images."""
    scores, labels = taken_apart(drawn)
    counts = np.arange(len(labels)) % 3 + 1
    weighted = rank(scores, labels, counts[None, :].astype(float))
    copied = rank(np.repeat(scores, counts), np.repeat(labels, counts), np.ones((1, counts.sum())))
    for value in (area_under_roc, average_precision, equal_error_rate):
        assert value(weighted)[0] == pytest.approx(value(copied)[0])


@settings(deadline=None)
@given(DRAWN)
def test_rates_are_shares(drawn: list[tuple[int, int]]) -> None:
    """Whatever is drawn, each value is a number from 0 to 1."""
    ranking = rank(*taken_apart(drawn), np.ones((1, len(drawn))))
    for value in (area_under_roc, average_precision, equal_error_rate):
        assert 0 <= value(ranking)[0] <= 1
    assert 0 <= tpr_at_fpr(ranking, 0.01)[0] <= tpr_at_fpr(ranking, 0.5)[0] <= 1


@pytest.mark.parametrize("label", [0, 1])
def test_one_label_is_undefined(label: int) -> None:
    """Without a fake, or without a real, nothing can be ranked, and no warning is raised."""
    ranking = rank(np.array([0.2, 0.7]), np.full(2, label), np.ones((1, 2)))
    assert np.isnan(area_under_roc(ranking)[0])
    assert np.isnan(equal_error_rate(ranking)[0])
    assert np.isnan(tpr_at_fpr(ranking, 0.05)[0])
