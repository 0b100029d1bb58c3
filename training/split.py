"""Who is trained on, who chooses the epoch and the threshold, and who is only measured."""

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence

SHARES = {"train": 0.70, "validation": 0.15, "test": 0.15}


def split(strata: Sequence[Hashable], groups: Sequence[int], *, seed: int) -> list[str]:
    """Return the split of each item: stratified, seeded, no group in two splits.

    A group belongs to the stratum of its first item. Within a stratum, groups in random order
    go to the split that is furthest below its share.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    by_stratum: dict[Hashable, list[list[int]]] = defaultdict(list)
    for indexes in members.values():
        by_stratum[strata[indexes[0]]].append(indexes)

    splits = [""] * len(groups)
    random_source = random.Random(seed)
    for stratum in by_stratum.values():
        random_source.shuffle(stratum)
        filled = dict.fromkeys(SHARES, 0)
        for indexes in stratum:
            name = min(SHARES, key=lambda each: filled[each] / SHARES[each])
            filled[name] += len(indexes)
            for index in indexes:
                splits[index] = name
    return splits
