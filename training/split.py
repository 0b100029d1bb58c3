"""Who is trained on, who chooses the epoch and the threshold, and who is only measured.

Groups are what is connected by people, recordings, videos and copies, and none is ever divided.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from training.duplicates import Copies
from training.inspection import Inspected
from training.linking import connect, names_of

SHARES = {"train": 0.70, "validation": 0.15, "test": 0.15}
MOST = 0.5  # of a dataset's images of a label that one group may hold, before it is parted

Indexes = NDArray[np.intp]


@dataclass(frozen=True)
class Division:
    """The split and the group of each image; `apart` says why an image is left out, or is empty."""

    splits: list[str]
    groups: Indexes
    apart: list[str]


def split(
    strata: Sequence[Hashable],
    groups: Sequence[int],
    *,
    seed: int,
    shares: Mapping[str, float] = SHARES,
) -> list[str]:
    """Return the split of each item: stratified, seeded, no group in two splits.

    The groups come in random order, the large ones first; each goes to the split that is
    furthest below its share in the strata of the group's items.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    order = list(members.values())
    random.Random(seed).shuffle(order)
    order.sort(key=len, reverse=True)

    totals = Counter(strata)
    filled: Counter[tuple[str, Hashable]] = Counter()
    splits = [""] * len(groups)
    for indexes in order:
        within = Counter(strata[index] for index in indexes)

        def fullness(name: str, within: Counter[Hashable] = within) -> float:
            return sum(
                count * filled[name, stratum] / (shares[name] * totals[stratum])
                for stratum, count in within.items()
            )

        name = min(shares, key=fullness)
        for stratum, count in within.items():
            filled[name, stratum] += count
        for index in indexes:
            splits[index] = name
    return splits


def divide(kept: Sequence[Inspected], copies: Copies, *, seed: int) -> Division:
    """Split by everything that connects images.

    Where the fakes' two people connect more than half of a dataset's images of a label, the
    people are split instead, and a fake whose two people are in different splits is left out.
    """
    groups = _connect(kept, copies)
    strata = _strata(kept)
    largest = Counter(zip(strata, groups.tolist(), strict=True))
    totals = Counter(strata)
    giant = {group for (stratum, group), n in largest.items() if n > MOST * totals[stratum]}
    if not giant:
        return Division(split(strata, groups.tolist(), seed=seed), groups, [""] * len(kept))
    return _divide_people(kept, copies, groups, giant, seed)


def _divide_people(
    kept: Sequence[Inspected], copies: Copies, groups: Indexes, giant: set[int], seed: int
) -> Division:
    """Split by the person who is seen; the donors of giant groups connect nothing."""
    donor = [
        one.candidate.entry.identity_b if group in giant else ""
        for one, group in zip(kept, groups.tolist(), strict=True)
    ]
    names = [_names(one, donors=not donor[index]) for index, one in enumerate(kept)]
    alone = [[f"person {name}"] for name in dict.fromkeys(filter(None, donor))]
    pieces = connect([*names, *alone], copies.first, copies.second)
    strata: list[Hashable] = [*_strata(kept), *["donor"] * len(alone)]
    splits = split(strata, pieces.tolist(), seed=seed)
    of_person = dict(zip((name for (name,) in alone), splits[len(kept) :], strict=True))
    apart = [
        "people_apart: its two people are in different splits."
        if name and of_person[f"person {name}"] != splits[index]
        else ""
        for index, name in enumerate(donor)
    ]
    return Division(splits[: len(kept)], pieces[: len(kept)], apart)


def divide_officially(kept: Sequence[Inspected], copies: Copies, *, seed: int) -> Division:
    """Keep the splits that the layouts state, and make those that they lack.

    What has no split of its own fills train and validation, or all three where its dataset has
    no official test split; a validation split that is missing is taken from train. An image of
    train or validation that shares a recording with a later split, or looks like an image of it,
    is left out; people may be in several, as they are in the official lists. Raises DatasetError
    when a layout lists a file in two splits.
    """
    stated = [one.candidate.entry.split for one in kept]
    _require_single(kept, stated)
    names = [_names(one, people=False) for one in kept]
    groups = connect(names, copies.first, copies.second)
    splits = list(stated)
    for dataset in dict.fromkeys(one.dataset for one in kept):
        mine = [index for index, one in enumerate(kept) if one.dataset == dataset]
        _fill(kept, splits, groups, mine, seed)
    return Division(splits, groups, _overlaps(splits, groups))


def _fill(
    kept: Sequence[Inspected], splits: list[str], groups: Indexes, mine: list[int], seed: int
) -> None:
    """Give a dataset's images without a split one, and make the validation split if it has none."""
    has = {splits[index] for index in mine}
    names = ["train", "validation"] if "test" in has else list(SHARES)
    _share_out(kept, splits, groups, [i for i in mine if not splits[i]], names, seed)
    if "validation" not in {splits[index] for index in mine}:
        train = [index for index in mine if splits[index] == "train"]
        _share_out(kept, splits, groups, train, ["train", "validation"], seed)


def _share_out(
    kept: Sequence[Inspected],
    splits: list[str],
    groups: Indexes,
    indexes: list[int],
    names: list[str],
    seed: int,
) -> None:
    chosen = split(
        [_stratum(kept[index]) for index in indexes],
        groups[indexes].tolist(),
        seed=seed,
        shares={name: SHARES[name] for name in names},
    )
    for index, name in zip(indexes, chosen, strict=True):
        splits[index] = name


def _overlaps(splits: Sequence[str], groups: Indexes) -> list[str]:
    """Return why an image is left out: a later split has an image of its group."""
    order = list(SHARES)
    last: dict[int, int] = {}
    for name, group in zip(splits, groups.tolist(), strict=True):
        last[group] = max(last.get(group, 0), order.index(name))
    return [
        ""
        if order.index(name) == last[group]
        else f"split_overlap: its recording, or a copy, is in the official {order[last[group]]}."
        for name, group in zip(splits, groups.tolist(), strict=True)
    ]


def _require_single(kept: Sequence[Inspected], stated: Sequence[str]) -> None:
    both = [index for index, name in enumerate(stated) if "+" in name]
    if both:
        first = kept[both[0]].candidate
        raise DatasetError(
            f"{len(both):,} files of {first.dataset} are listed in {stated[both[0]]} at once, "
            f"{first.entry.path} for one, so its official splits measure what was trained on; "
            "prepare it with --splits grouped."
        )


def _connect(kept: Sequence[Inspected], copies: Copies) -> Indexes:
    return connect([_names(one) for one in kept], copies.first, copies.second)


def _names(one: Inspected, *, people: bool = True, donors: bool = True) -> list[str]:
    """Return the names that link an image, and the copies that were left out for it, to others."""
    return [
        name
        for candidate in (one.candidate, *one.twins)
        for name in names_of(candidate.dataset, candidate.entry, people=people, donors=donors)
    ]


def _strata(kept: Sequence[Inspected]) -> list[Hashable]:
    return [_stratum(one) for one in kept]


def _stratum(one: Inspected) -> tuple[str, int]:
    return one.dataset, one.label
