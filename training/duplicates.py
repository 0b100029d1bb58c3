"""Finds copies of one picture among many, in time that grows little faster than their number.

Hashes that differ in few bits share some pieces of their bits; only those are compared, and what
their hashes find is held against the pixels. Aligned portraits of different people have similar
hashes: of five million pairs of them, eighty differ in at most eight bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from training.views import FACE, SIDE, View

BITS = 8  # that the hashes of copies differ in, at most; of 64
PIECES, SHARED = 11, 3  # of eleven pieces, at least three are equal when eight bits differ
LIKENESS = 0.95  # correlation of copies, at least; of two million other pairs, two reach it
PROMISING = 0.75  # correlation from which a face's view is tried in other places as well
SHIFT = 3  # pixels by which a face's view may be off
SAME_MEAN, SAME_MOST = 4.0, 24.0  # grey levels by which views of one picture saved twice differ
CHUNK = 4096  # pairs whose pixels are compared at once

Indexes = NDArray[np.intp]


@dataclass(frozen=True)
class Copies:
    """Pairs of images, by position, that show one picture.

    `same` marks those that look the same throughout, as small as the views are: copies that were
    saved again, and some of which a part was exchanged (`training.resaving` tells them apart).
    """

    first: Indexes
    second: Indexes
    same: NDArray[np.bool_]

    def among(self, stays: NDArray[np.bool_]) -> "Copies":
        """Return the pairs of which both images stay, by their new positions."""
        position = np.cumsum(stays) - 1
        both = stays[self.first] & stays[self.second]
        return Copies(position[self.first[both]], position[self.second[both]], self.same[both])


@dataclass(frozen=True)
class _Table:
    """Every view of every image, as it is and mirrored: hashes, owners, pixels."""

    hashes: NDArray[np.uint64]
    owners: Indexes
    pixels: NDArray[np.uint8]
    mirrored: NDArray[np.bool_]
    faces: NDArray[np.bool_]
    whole: NDArray[np.bool_]


def find_copies(views: Sequence[Sequence[View]]) -> Copies:
    """Return the pairs of images, among those with the given views, that show one picture."""
    table = _tabulate(views)
    pairs = _verified(table, *_candidates(table))
    keys, where = np.unique(pairs[:, :2], axis=0, return_inverse=True)
    same = np.zeros(len(keys), bool)
    np.logical_or.at(same, where.ravel(), pairs[:, 2] > 0)
    return Copies(keys[:, 0], keys[:, 1], same)


def near_pairs(hashes: NDArray[np.uint64]) -> Iterator[tuple[Indexes, Indexes]]:
    """Yield positions of different hashes that differ in at most eight bits, some twice."""
    width = 64 / PIECES
    edges = [round(width * piece) for piece in range(PIECES + 1)]
    pieces = [
        (hashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        for low, high in pairwise(edges)
    ]
    for chosen in combinations(range(PIECES), SHARED):
        key = np.zeros(len(hashes), np.uint64)
        for piece in chosen:
            key = (key << np.uint64(8)) | pieces[piece]
        order = np.argsort(key, kind="stable")
        yield from _within_buckets(hashes[order], key[order], order)


def _within_buckets(
    hashes: NDArray[np.uint64], keys: NDArray[np.uint64], order: Indexes
) -> Iterator[tuple[Indexes, Indexes]]:
    """Compare every hash with those behind it that have the same key; keys are sorted."""
    alive = np.arange(len(keys) - 1)
    step = 1
    while len(alive):
        alive = alive[alive + step < len(keys)]
        alive = alive[keys[alive] == keys[alive + step]]
        near = alive[np.bitwise_count(hashes[alive] ^ hashes[alive + step]) <= BITS]
        if len(near):
            yield order[near], order[near + step]
        step += 1


def _tabulate(views: Sequence[Sequence[View]]) -> _Table:
    flat = [(owner, view) for owner, one in enumerate(views) for view in one]
    pixels = np.array([view.pixels for _, view in flat], np.uint8).reshape(-1, SIDE, SIDE)
    owners = np.array([owner for owner, _ in flat], np.intp)
    faces = np.array([view.kind == FACE for _, view in flat], bool)
    whole = np.array([view is one[0] for one in views for view in one], bool)
    hashes = np.array(
        [view.phash for _, view in flat] + [view.mirrored for _, view in flat], np.uint64
    )
    return _Table(
        hashes,
        np.tile(owners, 2),
        pixels,
        np.repeat([False, True], len(flat)),
        np.tile(faces, 2),
        np.tile(whole, 2),
    )


def _candidates(table: _Table) -> tuple[Indexes, Indexes]:
    """Return rows that may show one picture: near hashes, and the owners of one hash in a star."""
    unique, first, where = np.unique(table.hashes, return_index=True, return_inverse=True)
    rows = np.arange(len(table.hashes))
    others = rows[first[where] != rows]
    near = [np.sort(np.stack(pair, axis=1), axis=1) for pair in near_pairs(unique)]
    one, other = np.unique(np.concatenate([np.empty((0, 2), np.intp), *near]), axis=0).T
    return (
        np.concatenate([first[where[others]], first[one]]),
        np.concatenate([others, first[other]]),
    )


def _verified(table: _Table, first: Indexes, second: Indexes) -> Indexes:
    """Return [n, 3] of the pairs whose pixels agree: both owners, and 1 where all pixels do."""
    wanted = (table.owners[first] != table.owners[second]) & (
        table.faces[first] == table.faces[second]
    )  # mirrored with mirrored repeats plain with plain
    wanted &= ~(table.mirrored[first] & table.mirrored[second])
    first, second = first[wanted], second[wanted]
    found = [np.empty((0, 3), np.intp)]
    for start in range(0, len(first), CHUNK):
        one, other = first[start : start + CHUNK], second[start : start + CHUNK]
        a, b = _pixels(table, one), _pixels(table, other)
        likeness = _likeness(a, b)
        shift = np.flatnonzero(table.faces[one] & (likeness >= PROMISING))
        likeness[shift] = _shifted_likeness(a[shift], b[shift])
        alike = likeness >= LIKENESS
        same = alike & table.whole[one] & table.whole[other] & _is_same(a, b)
        owners = np.sort(np.stack([table.owners[one], table.owners[other]], axis=1), axis=1)
        found.append(np.column_stack([owners, same.astype(np.intp)])[alike])
    return np.concatenate(found)


def _pixels(table: _Table, rows: Indexes) -> NDArray[np.float32]:
    pixels = table.pixels[rows % len(table.pixels)].astype(np.float32)
    turned = table.mirrored[rows]
    pixels[turned] = pixels[turned, :, ::-1]
    return pixels


def _likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the correlation of each pair of pictures [n, h, w]; 1 for two without any contrast."""
    a, b = (one - one.mean(axis=(1, 2), keepdims=True) for one in (a, b))
    norms = np.sqrt((a * a).sum(axis=(1, 2)) * (b * b).sum(axis=(1, 2)))
    flat = norms < 1
    return np.where(flat, 1, (a * b).sum(axis=(1, 2)) / np.where(flat, 1, norms))


def _shifted_likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the best correlation with the second picture moved by up to three pixels."""
    inner = slice(SHIFT, SIDE - SHIFT)
    middle = a[:, inner, inner]
    width = SIDE - 2 * SHIFT
    return np.max(
        [
            _likeness(middle, b[:, down : down + width, across : across + width])
            for down in range(2 * SHIFT + 1)
            for across in range(2 * SHIFT + 1)
        ],
        axis=0,
    )


def _is_same(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
    apart = np.abs(a - b - (a - b).mean(axis=(1, 2), keepdims=True))
    return (apart.mean(axis=(1, 2)) <= SAME_MEAN) & (apart.max(axis=(1, 2)) <= SAME_MOST)
