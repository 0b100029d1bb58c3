"""The bootstrap: whole groups are drawn, repeatably, and intervals are as wide as is right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.metrics.bootstrap import interval, weightings


@settings(deadline=None)
@given(groups=st.lists(st.integers(0, 9), min_size=1, max_size=60), seed=st.integers(0, 99))
def test_groups_are_drawn_whole(groups: list[int], seed: int) -> None:
    """In every round the members of a group have one weight, and as many groups come as exist."""
    members = np.array(groups)
    for weights in weightings(members, rounds=20, seed=seed):
        firsts = [weights[:, members == group][:, :1] for group in np.unique(members)]
        assert all(
            np.array_equal(weights[:, members == group], np.broadcast_to(first, (20, size)))
            for group, first in zip(np.unique(members), firsts, strict=True)
            if (size := int(np.sum(members == group)))
        )
        assert np.all(np.hstack(firsts).sum(axis=1) == len(np.unique(members)))


def test_the_seed_decides_and_blocks_do_not() -> None:
    """All rounds are drawn, in blocks; the same seed draws the same and another one differs."""
    members = np.arange(100_000)
    one, again, other = (
        np.vstack([block[:, :5] for block in weightings(members, rounds=7, seed=seed)])
        for seed in (1, 1, 2)
    )
    assert one.shape == (7, 5)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_interval_of_a_mean_is_that_of_statistics() -> None:
    """For a share of 0.3 of 400 images, 95 % lie within 1.96 standard errors."""
    hits = (np.arange(400) % 10 < 3).astype(float)
    blocks = [weights @ hits / 400 for weights in weightings(np.arange(400), rounds=2000, seed=0)]
    low, high = interval(np.concatenate(blocks), 0.3) or (0, 0)
    width = 1.96 * (0.3 * 0.7 / 400) ** 0.5
    assert (low, high) == pytest.approx((0.3 - width, 0.3 + width), abs=0.006)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_the_interval_holds_the_estimate(values: list[float], estimate: float) -> None:
    """Also an estimate that no round gives lies within its interval."""
    low, high = interval(np.array(values), estimate) or (2, -2)
    assert low <= estimate <= high


def test_rounds_that_are_mostly_undefined_give_no_interval() -> None:
    """NaN rounds are passed over, and where they are the majority nothing is claimed."""
    assert interval(np.array([np.nan, 0.5, 0.5]), 0.5) == (0.5, 0.5)
    assert interval(np.array([np.nan, np.nan, 0.5]), 0.5) is None
    assert interval(np.empty(0), 0.5) is None
