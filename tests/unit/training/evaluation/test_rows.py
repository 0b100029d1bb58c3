"""Rows: what is measured of which images, at which level, and what is left out of each."""

import json

import pytest

from detector.decision import Calibration
from tests.support.scored import scored_images
from training.evaluation.model_under_test import UNCALIBRATED
from training.evaluation.rows import Row, evaluate

REALS = [{"score": score, "method": "real"} for score in (0.1, 0.2, 0.3, 0.6)]
SWAPS = [{"score": score, "label": 1, "method": "swap"} for score in (0.7, 0.9)]
GANS = [{"score": score, "label": 1, "method": "gan"} for score in (0.15, 0.25)]


def row(rows: tuple[Row, ...], by: str, name: str) -> Row:
    """Return the first of the rows of that name."""
    return next(one for one in rows if (one.by, one.name) == (by, name))


def test_the_first_row_is_everything() -> None:
    """All images are measured together first, with intervals."""
    found = evaluate(scored_images([*REALS, *SWAPS]), UNCALIBRATED, rounds=50)
    assert (found.rows[0].by, found.rows[0].level) == ("overall", "image")
    assert found.overall.auc == 1
    assert found.overall.false_fake_rate == 0.25
    assert "auc" in found.overall.intervals


def test_each_method_is_measured_against_the_reals_of_its_dataset() -> None:
    """One method that is found and one that is not are told apart."""
    rows = evaluate(scored_images([*REALS, *SWAPS, *GANS]), UNCALIBRATED, rounds=0).rows
    swap, gan = (row(rows, "method", f"drawn: {name}").measurement for name in ("swap", "gan"))
    assert (swap.n_real, swap.n_fake, swap.auc) == (4, 2, 1)
    assert (gan.n_real, gan.n_fake, gan.auc) == (4, 2, 0.375)


def test_one_method_needs_no_row_of_its_own() -> None:
    """Where all fakes have one method, its row would be the dataset's."""
    rows = evaluate(scored_images([*REALS, *SWAPS]), UNCALIBRATED, rounds=0).rows
    assert not [one for one in rows if one.by == "method"]


def test_fakes_only_datasets_are_paired_with_reals_only_ones() -> None:
    """Neither dataset has an AUC, but the two together do."""
    images = [{**one, "dataset": "camera"} for one in REALS]
    images += [{**one, "dataset": "faces"} for one in SWAPS]
    found = evaluate(scored_images(images), UNCALIBRATED, rounds=0)
    assert {name: one.auc for name, one in found.datasets.items()} == {
        "camera": None,
        "faces": None,
    }
    assert {name: one.auc for name, one in found.pairs.items()} == {"faces vs camera": 1}


def test_methods_without_reals_of_their_own_are_paired_too() -> None:
    """Each method of a dataset of fakes has an AUC beside each dataset of reals."""
    images = [{**one, "dataset": "camera"} for one in REALS]
    images += [{**one, "dataset": "faces"} for one in (*SWAPS, *GANS)]
    rows = evaluate(scored_images(images), UNCALIBRATED, rounds=0).rows
    swap, gan = (
        row(rows, "method", f"faces: {name} vs camera").measurement for name in ("swap", "gan")
    )
    assert (swap.n_real, swap.n_fake, swap.auc) == (4, 2, 1)
    assert (gan.n_real, gan.n_fake, gan.auc) == (4, 2, 0.375)


def test_few_sources_have_rows_and_many_do_not() -> None:
    """Sources are worth a row as long as each of them has images enough."""
    few = [{**one, "source_id": f"s{place % 2}"} for place, one in enumerate(REALS * 3)]
    many = [{"score": 0.1, "source_id": f"s{place}"} for place in range(40)]
    rows = evaluate(scored_images([*few, *SWAPS]), UNCALIBRATED, rounds=0).rows
    assert [one.name for one in rows if one.by == "source"] == [
        "drawn: s0",
        "drawn: s1",
        "drawn: unknown",
    ]
    rows = evaluate(scored_images(many), UNCALIBRATED, rounds=0).rows
    assert not [one for one in rows if one.by == "source"]


def test_every_row_says_how_faces_were_treated_and_what_has_no_score() -> None:
    """Images without a face are counted by their reason, and not measured."""
    images = [*REALS, *SWAPS, {"reason": "no_face"}, {"reason": "no_face", "label": 1}]
    found = evaluate(scored_images(images, faces="on"), UNCALIBRATED, rounds=0)
    assert {one.faces for one in found.rows} == {"on"}
    assert found.rows[0].unscored == {"no_face": 2}
    assert found.overall.n == 6


def test_frames_give_rows_of_frames_and_of_videos() -> None:
    """The same fakes are counted by frame and by video."""
    frames = [
        {"score": score, "label": label, "video_id": f"v{label}", "frame": number}
        for label, scores in ((0, (0.1, 0.7)), (1, (0.4, 0.9)))
        for number, score in enumerate(scores)
    ]
    rows = evaluate(scored_images(frames), UNCALIBRATED, rounds=0).rows
    assert [(one.level, one.measurement.n) for one in rows if one.by == "overall"] == [
        ("frame", 4),
        ("video", 2),
    ]
    assert rows[0].measurement.auc == 0.75
    assert rows[1].measurement.auc == 1


def test_what_is_connected_is_resampled_together() -> None:
    """Images of one group widen the interval as one image would."""
    images = [{"score": 0.5 + 0.001 * n, "label": n % 2} for n in range(60)]
    grouped = [{**one, "group": place // 30} for place, one in enumerate(images)]
    alone, together = (
        evaluate(scored_images(one), UNCALIBRATED, rounds=100).overall.intervals["accuracy"]
        for one in (images, grouped)
    )
    assert together != alone
    assert together == (0.5, 0.5)  # each of the two groups is half fake


def test_calibration_is_told_before_and_after_the_temperature() -> None:
    """The temperature changes the error, and both are measured."""
    images = [{"score": 0.95, "label": n % 4 != 0} for n in range(40)]
    images = [{**one, "label": int(one["label"])} for one in images] + [{"score": 0.1}]
    calibration = Calibration(2.68, 0.5, 0.5, 0.5, 0.02)
    found = evaluate(scored_images(images), calibration, rounds=0).overall
    assert found.uncalibrated_error == pytest.approx(0.2, abs=0.01)
    assert found.calibration_error is not None
    assert found.calibration_error < 0.02


@pytest.mark.parametrize(
    "images",
    [
        [],
        [{"score": 0.2}],
        [{"score": 0.9, "label": 1}],
        [{"reason": "no_face"}],
        [{"score": 0.5}, {"score": 0.5, "label": 1}],
        [{"reason": "no_face", "video_id": "a", "frame": 0}],
    ],
)
def test_the_smallest_sets_are_told_without_nan(images: list[dict[str, object]]) -> None:
    """No image, one label, nothing scored: None where there is no number, and a sentence."""
    scored = scored_images(images or [{"score": 0.1}])
    if not images:
        scored = type(scored)(scored.items.iloc[:0], "off")
    found = evaluate(scored, UNCALIBRATED, rounds=20)
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.caveats
    assert all(caveat.endswith(".") for caveat in found.caveats)
