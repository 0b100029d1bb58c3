"""Splitting: stratified, seeded, and no group in two splits."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DatasetError
from tests.support.inspections import inspected
from training.clean import clean
from training.duplicates import Copies
from training.inspection import Inspected
from training.split import SHARES, Division, divide, divide_officially, split

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


def fakes_of_pairs(people: int) -> list[Inspected]:
    """Return a real of each person, and a fake of each pair: all of it hangs together."""
    reals = [
        inspected(f"real {one}", identity_a=f"cdf:id{one}", source_id=f"cdf:id{one}_0")
        for one in range(people)
    ]
    fakes = [
        inspected(
            f"fake {one} {other}",
            label=1,
            identity_a=f"cdf:id{one}",
            identity_b=f"cdf:id{other}",
            source_id=f"cdf:id{one}_0",
        )
        for one, other in itertools.permutations(range(people), 2)
    ]
    return reals + fakes


def copies(*pairs: tuple[int, int]) -> Copies:
    """Return pairs of copies."""
    first, second = np.array(pairs, np.intp).reshape(-1, 2).T
    return Copies(first, second, np.zeros(len(pairs), bool))


def people_of(files: list[Inspected], division: Division) -> dict[str, set[str]]:
    """Return the splits that each person is in, as target or donor."""
    found: dict[str, set[str]] = {}
    for one, name, apart in zip(files, division.splits, division.apart, strict=True):
        entry = one.candidate.entry
        for person in filter(None, (entry.identity_a, entry.identity_b)):
            if not apart:
                found.setdefault(person, set()).add(name)
    return found


def test_recordings_people_videos_and_copies_stay_together() -> None:
    """Whatever connects two images keeps them in one split and one group."""
    plain = [inspected(f"{index}", dataset="drawn") for index in range(60)]
    linked = [
        inspected("k", source_id="ff:1"),
        inspected("l", source_id="ff:1"),
        inspected("m", identity_a="ff:2"),
        inspected("n", identity_b="ff:2"),
        inspected("o", video_id="v"),
        inspected("p", video_id="v"),
    ]
    division = divide(plain + linked, copies((0, 1)), seed=3)
    for first, second in ((0, 1), (60, 61), (62, 63), (64, 65)):
        assert division.splits[first] == division.splits[second]
        assert division.groups[first] == division.groups[second]
    assert len(set(division.groups.tolist())) == 66 - 4
    assert not any(division.apart)


def test_people_who_all_hang_together_are_split_one_by_one() -> None:
    """Where swaps connect everybody, people are split, and swaps across the splits left out."""
    files = fakes_of_pairs(12)
    division = divide(files, copies(), seed=1)
    assert all(len(splits) == 1 for splits in people_of(files, division).values())
    kept = [name for name, apart in zip(division.splits, division.apart, strict=True) if not apart]
    assert set(kept) == set(SHARES)
    assert any("two people" in reason for reason in division.apart)
    groups = dict(zip(division.groups.tolist(), division.splits, strict=True))
    assert all(
        groups[group] == name
        for group, name in zip(division.groups.tolist(), division.splits, strict=True)
    )


def test_official_splits_are_kept() -> None:
    """What the layout states stays; what it lacks is made, by group."""
    files = [inspected(f"{index}", split="test" if index < 10 else "train") for index in range(60)]
    division = divide_officially(files, copies((58, 59)), seed=1)
    assert division.splits[:10] == ["test"] * 10
    assert Counter(division.splits[10:])["validation"] == pytest.approx(50 * 0.15 / 0.85, abs=2)
    assert division.splits[58] == division.splits[59]


def test_a_list_of_tests_leaves_the_rest_for_training() -> None:
    """Celeb-DF names its test videos only: the others are trained on, none of them tested."""
    files = [inspected(f"{index}", split="test" if index < 10 else "") for index in range(60)]
    division = divide_officially(files, copies(), seed=1)
    assert set(division.splits[10:]) == {"train", "validation"}


def test_official_splits_that_overlap_are_refused() -> None:
    """A file that is listed for validation and for test measures nothing."""
    files = [inspected("a", split="train"), inspected("b", split="validation+test")]
    with pytest.raises(DatasetError, match="--splits grouped"):
        divide_officially(files, copies(), seed=1)


def test_what_leaks_into_an_official_test_is_left_out_of_training() -> None:
    """A recording, or a copy, that a later split has is not trained on; people may be in both."""
    files = [
        inspected("a", split="train", source_id="cdf:id1_0"),
        inspected("b", split="test", source_id="cdf:id1_0"),
        inspected("c", split="train", identity_a="cdf:id1"),
        inspected("d", split="test", identity_a="cdf:id1"),
        inspected("e", split="train"),
        inspected("f", split="test"),
        *(inspected(f"{index}", split="train") for index in range(20)),
    ]
    apart = divide_officially(files, copies((4, 5)), seed=1).apart
    assert [bool(reason) for reason in apart[:6]] == [True, False, False, False, True, False]
    assert apart[0] == "split_overlap: its recording, or a copy, is in the official test."


def test_a_copy_that_was_left_out_still_links() -> None:
    """Of the same bytes under two names, the one that stays is linked to the people of both."""
    files = [
        inspected("a", sha256="x", identity_a="ann"),
        inspected("b", sha256="x", identity_a="bob", source_id="clip"),
        inspected("c", identity_a="bob"),
        inspected("d", source_id="clip", label=1),
        inspected("e", identity_a="eve"),
    ]
    cleaned = clean(files, faces=False)
    assert len(cleaned.kept) == 4
    by_people = divide(cleaned.kept, cleaned.copies, seed=1).groups.tolist()
    assert by_people == [0, 0, 0, 1]
    by_recording = divide_officially(cleaned.kept, cleaned.copies, seed=1).groups.tolist()
    assert by_recording == [0, 1, 0, 2]
