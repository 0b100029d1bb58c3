"""Caveats: what makes numbers say less than they seem to is told, and nothing else is."""

import pytest

from tests.support.scored import scored_table
from training.evaluation.caveats import find_caveats
from training.evaluation.rows import measure_table

SOUND = [
    *({"score": 0.2 + 0.001 * n, "label": 0} for n in range(60)),
    *({"score": 0.7 + 0.001 * n, "label": 1} for n in range(60)),
]


def told(images: list[dict[str, object]]) -> str:
    """Return all that is told of the images."""
    table = scored_table(images)
    return " ".join(find_caveats(table, {"all": measure_table(table, 0.5, rounds=50)}))


def test_a_sound_set_has_none() -> None:
    """Enough images of both labels, rightly labelled, need no warning."""
    assert told(SOUND) == ""


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ([{"reason": "no_face"}] * 20, "20 of 140 images have no score (no_face 20)"),
        ([{"score": 0.2}] * 5000, "Only 1.2% of the scored images are fake"),
        ([{"score": 0.999, "sha256": "x"}], "score contradicts their label beyond 0.99: 1"),
        (
            [{"score": 0.5, "sha256": "a"}, {"score": 0.5, "sha256": "a", "label": 1}],
            "filed under both labels, byte for byte: 1",
        ),
        ([{"score": 0.2, "sha256": "b"}] * 3, "repeat another one, byte for byte: 2"),
    ],
)
def test_each_weakness_is_told(more: list[dict[str, object]], sentence: str) -> None:
    """Images without a score, imbalance, doubtful labels, contrary labels and copies."""
    assert sentence in told([*SOUND, *more])


def test_few_images_of_a_label_are_told() -> None:
    """Below thirty images of a label the intervals are wide."""
    assert "Only 20 of the scored images are fake" in told(SOUND[:80])


def test_a_set_that_is_worse_than_chance_is_told() -> None:
    """Swapped labels are suspected where even the interval lies below one half."""
    swapped = [{**one, "label": 1 - int(str(one["label"]))} for one in SOUND]
    assert "The AUC of all (0.000) is worse than chance" in told(swapped)


def test_one_label_is_told() -> None:
    """A set of reals alone says what is missing."""
    assert "name a dataset of fake images" in told(SOUND[:60])
