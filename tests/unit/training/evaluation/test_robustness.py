"""Robustness: a point for every change, of the same sample, beginning with no change at all."""

import json
from pathlib import Path

import pandas as pd
import pytest

from training.evaluation.model_under_test import ModelUnderTest
from training.evaluation.perturbations import everyone
from training.evaluation.robustness import Robustness, draw_sample, measure_robustness
from training.evaluation.rows import evaluate
from training.evaluation.testset import gather
from training.scoring import score


@pytest.fixture(scope="module")
def found(model: ModelUnderTest, pictures: Path) -> Robustness:
    """The robustness of a tiny model on four drawn images."""
    return measure_robustness(gather([str(pictures)], "test"), model, per_dataset=4, seed=1)


def items_of(**counts: tuple[int, int]) -> pd.DataFrame:
    """Return items of named datasets, each of so many reals and fakes."""
    rows = [
        {"path": f"{name}/{label}/{number}", "label": label, "dataset": name}
        for name, sizes in counts.items()
        for label, size in enumerate(sizes)
        for number in range(size)
    ]
    return pd.DataFrame(rows)


def test_a_sample_holds_both_labels_alike() -> None:
    """Of each dataset at most so many, half of each label where there are enough."""
    sample = draw_sample(items_of(a=(50, 50), b=(50, 2), c=(0, 30)), 10, seed=1)
    sizes = sample.groupby(["dataset", "label"]).size().to_dict()
    assert sizes == {("a", 0): 5, ("a", 1): 5, ("b", 0): 8, ("b", 1): 2, ("c", 1): 10}


def test_the_seed_decides_the_sample() -> None:
    """The same seed draws the same images, in the order that they had."""
    items = items_of(a=(40, 40))
    one, again, other = (draw_sample(items, 10, seed)["path"].tolist() for seed in (1, 1, 2))
    assert one == again != other
    assert one == sorted(one, key=items["path"].tolist().index)


def test_there_is_a_point_for_every_change(found: Robustness) -> None:
    """Each change is measured over everything and over the dataset, after no change."""
    assert found.n == 4
    assert found.points[0].perturbation is None
    points = [point.perturbation for point in found.points if point.name == "all"]
    assert points == [None, *everyone()]
    assert {point.name for point in found.points} == {"all", "pictures"}


def test_images_as_they_are_score_as_ever(
    found: Robustness, model: ModelUnderTest, pictures: Path
) -> None:
    """The point without a change is the evaluation of the same images."""
    sample = draw_sample(gather([str(pictures)], "test"), 4, seed=1)
    scored = score(sample, model.spec, model.engine)
    expected = evaluate(scored, model.calibration, rounds=0).overall
    assert found.points[0].measurement.auc == expected.auc
    assert found.points[0].measurement.confusion == expected.confusion


def test_pictures_that_become_too_small_are_counted(found: Robustness) -> None:
    """At a quarter of 64 x 56 pixels nothing is left to judge, and the point says so."""
    smallest = [
        point
        for point in found.points
        if point.perturbation and point.perturbation.strength == 0.25 and point.name == "all"
    ]
    assert len(smallest) == 6
    assert all(point.unscored == {"image_too_small": 4} for point in smallest)
    assert all(point.measurement.auc is None for point in smallest)


def test_points_are_json_without_nan(found: Robustness) -> None:
    """What could not be measured is None."""
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["points"][0]["kind"] == "as it is"
    assert len(content["points"]) == len(found.points)
