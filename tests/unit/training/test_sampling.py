"""What an epoch is made of: half real, kinds by weight, datasets in balance, no row forgotten."""

from collections import Counter

import pandas as pd
import pytest

from core.errors import DatasetError
from training.config import Fakes, Sampling
from training.sampling import Kind, build_sampler


def _items(*groups: tuple[str, str, int, bool]) -> pd.DataFrame:
    """Return rows of (dataset, method, count, whether they have a face); `real` is a method."""
    rows = [
        {
            "dataset": dataset,
            "method": method,
            "label": int(method != "real"),
            "landmarks": [0.0] * 10 if has_face else [],
        }
        for dataset, method, count, has_face in groups
        for _ in range(count)
    ]
    return pd.DataFrame(rows)


MIXED = _items(
    ("a", "real", 90, True),
    ("b", "real", 10, True),
    ("a", "gan", 40, True),
    ("a", "reconstructed", 20, True),
)


def test_half_is_real_and_the_fakes_come_by_weight() -> None:
    """Weights say how the fake half is shared out, whatever there is how much of."""
    fakes = Fakes(generated=2, self_blended=1, swapped=0, reconstructed=1)
    sampler = build_sampler(MIXED, Sampling(images_per_epoch=800, fakes=fakes), seed=1)
    counts = Counter(sampler.epoch(0).kinds.tolist())
    assert counts == {"real": 400, "generated": 200, "self_blended": 100, "reconstructed": 100}


@pytest.mark.parametrize(("balance", "expected"), [(0.0, 50), (0.5, 75), (1.0, 90)])
def test_datasets_are_drawn_from_in_balance(balance: float, expected: int) -> None:
    """0 takes every dataset as often, 1 every image; in between, the root of their sizes."""
    sampler = build_sampler(MIXED, Sampling(images_per_epoch=200, balance=balance), seed=1)
    epoch = sampler.epoch(0)
    rows = epoch.rows[epoch.kinds == Kind.REAL]
    assert (MIXED["dataset"].to_numpy()[rows] == "a").sum() == expected


def test_no_row_comes_twice_before_all_others_came_once() -> None:
    """An epoch as long as the pool shows every row of it once."""
    items = _items(("a", "real", 30, False), ("a", "gan", 30, False))
    epoch = build_sampler(items, Sampling(balance=1), seed=1).epoch(3)
    assert sorted(epoch.rows.tolist()) == list(range(60))


def test_epochs_differ_and_repeat() -> None:
    """The seed and the number decide an epoch, so that a stopped run goes on with the same one."""
    sampler, again = (build_sampler(MIXED, Sampling(), seed=1) for _ in range(2))
    assert sampler.epoch(1).rows.tolist() == again.epoch(1).rows.tolist()
    assert sampler.epoch(1).rows.tolist() != sampler.epoch(2).rows.tolist()
    other = build_sampler(MIXED, Sampling(), seed=2)
    assert sampler.epoch(1).rows.tolist() != other.epoch(1).rows.tolist()


def test_labels_follow_the_rows() -> None:
    """Blended images are made of real rows that have a face, generated ones of fakes."""
    items = pd.concat([MIXED, _items(("c", "real", 5, False))], ignore_index=True)
    fakes = Fakes(generated=1, self_blended=1, swapped=1, reconstructed=1)
    epoch = build_sampler(items, Sampling(images_per_epoch=400, fakes=fakes), seed=1).epoch(0)
    for kind, row in zip(epoch.kinds, epoch.rows, strict=True):
        made_of = items.iloc[row]
        assert made_of["label"] == int(kind in ("generated", "reconstructed"))
        if kind in ("self_blended", "swapped"):
            assert len(made_of["landmarks"]) == 10


def test_a_weight_without_images_is_a_sentence() -> None:
    """Nothing is quietly left out of the mixture."""
    items = _items(("a", "real", 5, False), ("a", "gan", 5, False))
    with pytest.raises(DatasetError, match="nothing to make self_blended images of"):
        build_sampler(items, Sampling(fakes=Fakes(self_blended=1)), seed=1)
