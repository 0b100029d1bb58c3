"""What belongs together: images of one person, of one recording, of one video, and copies."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from training.layouts.listing import Entry

Indexes = NDArray[np.intp]


def names_of(dataset: str, entry: Entry, *, people: bool = True, donors: bool = True) -> list[str]:
    """Return the names that link an entry to others: recording, video, and with `people` who is
    seen, with `donors` also whose face was put on."""
    names = [entry.source_id and f"source {entry.source_id}"]
    names.append(entry.video_id and f"video {dataset}/{entry.video_id}")
    if people:
        names.append(entry.identity_a and f"person {entry.identity_a}")
    if people and donors:
        names.append(entry.identity_b and f"person {entry.identity_b}")
    return [name for name in names if name]


def connect(names: Sequence[Iterable[str]], first: Indexes, second: Indexes) -> Indexes:
    """Return a group number for each item: items that share a name, or are a pair, have one.

    Groups are numbered by their first item, from 0.
    """
    number: dict[str, int] = {}
    links = [
        (item, number.setdefault(name, len(number)))
        for item, one in enumerate(names)
        for name in one
    ]
    items, named = np.array(links, np.intp).reshape(-1, 2).T
    rows = np.concatenate([items, first])
    columns = np.concatenate([named + len(names), second])
    size = len(names) + len(number)
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), (size, size))
    found = connected_components(graph, directed=False)[1][: len(names)]
    _, first_of, where = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_of))[where].astype(np.intp)
