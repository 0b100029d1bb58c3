"""Names of labels and splits, as people write them."""

import pytest

from core.errors import DatasetError
from training.layouts.labels import label_of, parse_label_names, require_label, split_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("real", 0), ("REAL", 0), ("0_real", 0), ("training_real", 0), ("real_images", 0),
        ("Originals", 0), ("1_fake", 1), ("Fake", 1), ("deepfakes", 1), ("fake-faces", 1),
        ("AI-generated", 1), ("1_real", 0), ("0_fake", 1),
        ("real_vs_fake", None), ("not_real", None), ("0", None), ("1", None), ("train", None),
        ("surreal", None), ("", None),
    ],
)  # fmt: skip
def test_names_say_the_label_and_numbers_do_not(name: str, label: int | None) -> None:
    """A word decides, whatever number stands before it; an unclear word says nothing."""
    assert label_of(name) == label


@pytest.mark.parametrize(
    ("name", "split"),
    [("train", "train"), ("Valid", "validation"), ("val", "validation"), ("TEST", "test"),
     ("testbed", ""), ("", "")],
)  # fmt: skip
def test_splits_have_one_name(name: str, split: str) -> None:
    """Valid, val and validation are one split; other words are none."""
    assert split_of(name) == split


def test_bare_numbers_are_refused_until_somebody_says_what_they_mean() -> None:
    """1 is fake in one dataset and real in the next, so `--labels` has to say it."""
    with pytest.raises(DatasetError, match="--labels 0=real,1=fake"):
        require_label(1, {}, "a.csv")
    assert require_label(1, parse_label_names("0=fake,1=real"), "a.csv") == 0
    assert require_label("MidJourney", parse_label_names("midjourney=fake"), "a.csv") == 1


def test_unknown_names_are_refused() -> None:
    """A label that is neither real nor fake is named in a sentence."""
    with pytest.raises(DatasetError, match="'cat', which is neither real nor fake"):
        require_label("cat", {}, "a.csv")
    with pytest.raises(DatasetError, match="VALUE=real or VALUE=fake"):
        parse_label_names("0=cat")
