"""Under attack: every attack, every way to undo it, and a surrogate's attacks in transfer."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.images import photo_like
from tests.support.models import TINY_SIZE, write_tiny_model_version
from training.evaluation.adversarial import (
    EPSILONS,
    ITSELF,
    METHODS,
    Adversarial,
    Attack,
    measure_adversarial,
)
from training.evaluation.model_under_test import ModelUnderTest
from training.evaluation.testset import gather
from training.evaluation.undoing import UNDOINGS
from training.metrics import Measurement
from training.scoring import score


@pytest.fixture(scope="module")
def found(
    registry: Path,
    model: ModelUnderTest,
    pictures: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Adversarial:
    """Attacks on a tiny model by itself and by another one, on drawn images and one damaged file.

    The higher half of the scores is labelled fake: there is nothing to attack in what is wrong.
    """
    items = gather([str(pictures)], "test")
    margins = score(items, model.spec, model.engine).margins
    items["label"] = (margins > np.median(margins)).astype(np.int64)
    damaged = tmp_path_factory.mktemp("damaged") / "damaged.png"
    damaged.write_bytes(b"no image")
    items.loc[len(items)] = {**items.loc[0].to_dict(), "path": str(damaged)}
    other = ModelUnderTest.load("tiny-2", registry, device="cpu")
    return measure_adversarial(items, model, per_dataset=17, seed=1, surrogate=other)


def measured(found: Adversarial, attack: Attack, undoing: str = "") -> Measurement:
    """Return the measurement of everything after an attack."""
    return next(
        point.measurement
        for point in found.points
        if (point.attack, point.undoing, point.name) == (attack, undoing, "all")
    )


def test_every_attack_is_measured_with_everything_that_may_undo_it(found: Adversarial) -> None:
    """No attack, and both methods at each strength by both models; each with each undoing."""
    points = [(one.attack, one.undoing) for one in found.points if one.name == "all"]
    assert len(points) == len(set(points))
    assert len(points) == (1 + len(METHODS) * len(EPSILONS) * 2) * len(UNDOINGS)
    assert points[0] == (Attack(), "")
    assert found.surrogate == "tiny-2"


def test_images_without_a_score_are_not_attacked(found: Adversarial) -> None:
    """What cannot be decoded is left out of every point."""
    assert found.n == 16
    assert {point.measurement.n for point in found.points if point.name == "all"} == {found.n}


def test_white_box_attacks_win(found: Adversarial) -> None:
    """The model ranks all fakes above all reals, and below them under its own largest attack."""
    assert measured(found, Attack()).auc == 1
    assert measured(found, Attack("PGD", 8, ITSELF)).auc == 0


def test_another_model_s_attack_does_less(found: Adversarial) -> None:
    """A surrogate of other weights does not know where this model gives way."""
    own, transferred = (measured(found, Attack("PGD", 8, by)).auc for by in (ITSELF, "tiny-2"))
    assert own is not None
    assert transferred is not None
    assert transferred > own


@pytest.mark.parametrize("undoing", [one for one in UNDOINGS if one])
def test_what_undoes_an_attack_changes_the_scores(found: Adversarial, undoing: str) -> None:
    """The changed pixels are scored, with an attack and without one."""
    for attack in (Attack(), Attack("PGD", 8, ITSELF)):
        plain, undone = (measured(found, attack, one).calibration_error for one in ("", undoing))
        assert None not in (plain, undone)
        assert undone != plain


def test_a_surrogate_may_have_another_size(
    model: ModelUnderTest, pictures: Path, tmp_path: Path
) -> None:
    """It is shown the pixels at its own size, and what it finds moves the model's own scores."""
    write_tiny_model_version(tmp_path, "larger", size=2 * TINY_SIZE)
    larger = ModelUnderTest.load("larger-1", tmp_path, device="cpu")
    items = gather([str(pictures)], "test")
    found = measure_adversarial(items, model, per_dataset=4, seed=1, surrogate=larger)
    plain, attacked = (
        measured(found, one).calibration_error for one in (Attack(), Attack("PGD", 8, "larger-1"))
    )
    assert plain is not None
    assert attacked is not None
    assert attacked != plain


def test_points_are_json_without_nan(found: Adversarial) -> None:
    """What could not be measured is None."""
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["points"][0]["method"] == "none"


@pytest.mark.parametrize("undoing", UNDOINGS)
def test_undoing_keeps_the_shape(undoing: str) -> None:
    """The pixels that come back fit into the network, and only nothing changes nothing."""
    image = photo_like(1, (TINY_SIZE, TINY_SIZE))
    square = np.asarray(image).transpose(2, 0, 1)
    undone = UNDOINGS[undoing](square)
    assert undone.shape == square.shape
    assert undone.dtype == np.uint8
    assert np.array_equal(undone, square) == (undoing == "")
