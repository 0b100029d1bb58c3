"""Splitting: stratified, seeded, and no group in two splits."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from training.split import SHARES, split

ITEMS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 1), st.integers(0, 40)), max_size=200
)


@settings(deadline=None, max_examples=60)
@given(items=ITEMS, seed=st.integers(0, 1000))
def test_no_group_crosses_splits(items: list[tuple[str, int, int]], seed: int) -> None:
    """Whatever the groups, the members of each are in one split; every item has one."""
    splits = split([item[:2] for item in items], [item[2] for item in items], seed=seed)
    assert set(splits) <= set(SHARES)
    of_group: dict[int, set[str]] = {}
    for (_, _, group), name in zip(items, splits, strict=True):
        of_group.setdefault(group, set()).add(name)
    assert all(len(names) == 1 for names in of_group.values())


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(20, 120), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_each_stratum_is_shared_out(sizes: list[int], seed: int) -> None:
    """Without groups, each stratum's splits are within two images of their share."""
    strata = [number for number, size in enumerate(sizes) for _ in range(size)]
    splits = split(strata, range(len(strata)), seed=seed)
    for number, size in enumerate(sizes):
        counts = Counter(name for name, one in zip(splits, strata, strict=True) if one == number)
        assert all(abs(counts[name] - share * size) <= 2 for name, share in SHARES.items())


def test_the_seed_decides() -> None:
    """The same seed splits the same way; another one differently."""
    strata, groups = ["a"] * 100, list(range(100))
    assert split(strata, groups, seed=1) == split(strata, groups, seed=1)
    assert split(strata, groups, seed=1) != split(strata, groups, seed=2)
