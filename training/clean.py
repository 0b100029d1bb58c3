"""Which files can be trained on: decodable, large enough, each image once, labels that agree.

Nothing is deleted: what is left out is listed with its reason. Near duplicates stay, but share
a group, and a group never crosses splits. The perceptual hash is pHash, 64 bits.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray

from core.errors import ItemError
from detector.preprocess import DecodeLimits, decode
from training.layouts.imagefolder import LabelledFile

NEAR_DUPLICATE_BITS = 4  # Hamming distance of two pHashes, at most, of one picture saved twice


@dataclass(frozen=True)
class Inspected:
    """A file as its bytes show it; `fault` says why it cannot be used, or is empty."""

    file: LabelledFile
    sha256: str
    size_bytes: int
    phash: int = 0
    width: int = 0
    height: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Dropped:
    """A file that is left out, and why."""

    file: LabelledFile
    reason: str


@dataclass(frozen=True)
class Cleaned:
    """The files that stay, the near-duplicate group of each, and the files that do not."""

    kept: list[Inspected]
    groups: list[int]
    dropped: list[Dropped]


def inspect_files(files: Sequence[LabelledFile]) -> Iterator[Inspected]:
    """Yield what each file holds, in order, read by a process for each core."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(inspect_file, files, chunksize=32)


def inspect_file(file: LabelledFile) -> Inspected:
    """Read, hash and decode one file."""
    try:
        data = file.path.read_bytes()
    except OSError as error:
        return Inspected(file, "", 0, fault=f"unreadable: {error.strerror}.")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        image = decode(data, DecodeLimits())
    except ItemError as error:
        return Inspected(file, sha256, len(data), fault=f"{error.code}: {error.message}")
    phash = int(str(imagehash.phash(image)), 16)
    return Inspected(file, sha256, len(data), phash, image.width, image.height)


def clean(inspected: Sequence[Inspected], *, radius: int = NEAR_DUPLICATE_BITS) -> Cleaned:
    """Leave out faults, second copies, and whatever looks alike but is labelled differently."""
    dropped = [Dropped(one.file, one.fault) for one in inspected if one.fault]
    sound = [one for one in inspected if not one.fault]
    first: dict[str, Inspected] = {}
    unique = []
    for one in sound:
        original = first.setdefault(one.sha256, one)
        if original is one:
            unique.append(one)
        elif original.file.label == one.file.label:
            dropped.append(Dropped(one.file, f"exact_duplicate: of {original.file.path}"))
    contrary = _exact_contradictions(sound)
    dropped += [_contradiction(one) for one in sound if one.sha256 in contrary]
    unique = [one for one in unique if one.sha256 not in contrary]

    groups = group_near_duplicates([one.phash for one in unique], radius)
    labels: dict[int, set[int]] = {}
    for one, group in zip(unique, groups, strict=True):
        labels.setdefault(group, set()).add(one.file.label)
    paired = list(zip(unique, groups, strict=True))
    dropped += [_contradiction(one) for one, group in paired if len(labels[group]) > 1]
    agreed = [(one, group) for one, group in paired if len(labels[group]) == 1]
    return Cleaned([one for one, _ in agreed], [group for _, group in agreed], dropped)


def group_near_duplicates(phashes: Sequence[int], radius: int) -> list[int]:
    """Return a group number for each hash; hashes within `radius` bits are linked into one."""
    bits = np.array(phashes, np.uint64)
    leader = list(range(len(bits)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for index in range(1, len(bits)):
        for near in _within(bits[:index], bits[index], radius):
            leader[find(index)] = find(int(near))
    return [find(index) for index in range(len(bits))]


def _within(bits: NDArray[np.uint64], one: np.uint64, radius: int) -> NDArray[np.intp]:
    return np.flatnonzero(np.bitwise_count(bits ^ one) <= radius)


def _exact_contradictions(sound: Sequence[Inspected]) -> set[str]:
    labels: dict[str, set[int]] = {}
    for one in sound:
        labels.setdefault(one.sha256, set()).add(one.file.label)
    return {sha256 for sha256, found in labels.items() if len(found) > 1}


def _contradiction(one: Inspected) -> Dropped:
    return Dropped(one.file, "label_conflict: the same picture is filed as real and as fake.")
