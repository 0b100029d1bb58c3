"""Which files can be trained on: sound, sharp, with a face, each picture once, labels that agree.

Nothing is deleted: what is left out is listed with its reason. Near duplicates stay, but a group
that they are in never crosses splits.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detector.preprocess import PreprocessingSpec
from training.duplicates import Copies, find_copies
from training.inspection import Inspected
from training.layouts.listing import SPLITS
from training.resaving import which_are_resaved
from training.unpack import Candidate

MIN_SHARPNESS = 40.0  # of `detector.faces.sharpness`: below, the face is a blur
MIN_FACE_PX = PreprocessingSpec.min_face_px  # of its longer side: below, none is ever scored

Indexes = NDArray[np.intp]


@dataclass(frozen=True)
class Dropped:
    """A file that is left out, and why: a code, a colon, a sentence."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True)
class Cleaned:
    """The files that stay, the pairs of near duplicates among them, and the files that do not."""

    kept: list[Inspected]
    copies: Copies
    dropped: list[Dropped]


def clean(inspected: Sequence[Inspected], *, faces: bool) -> Cleaned:
    """Leave out what is faulty, blurred, without a face that is large enough (with `faces`), a
    second copy, or one picture under two labels."""
    dropped: list[Dropped] = []
    sound = []
    for one in inspected:
        reason = one.fault or _reason(one, faces)
        if reason:
            dropped.append(Dropped(one.candidate, reason))
        else:
            sound.append(one)
    unique = _drop_exact(sound, dropped)
    copies = find_copies([one.views for one in unique])
    return _drop_conflicts(unique, copies, dropped)


def _reason(one: Inspected, faces: bool) -> str:
    if faces and one.face is None:
        return "no_face: no face was found in the image."
    if faces and one.face is not None and one.face.side < MIN_FACE_PX:
        return (
            f"face_too_small: the largest face has {one.face.side:.0f} pixels, below "
            f"{MIN_FACE_PX}, and would not be scored."
        )
    if one.sharpness < MIN_SHARPNESS:
        what = "face" if one.face else "image"
        return f"blurred: the {what}'s sharpness is {one.sharpness:.0f}, below {MIN_SHARPNESS:.0f}."
    return ""


def _drop_exact(sound: Iterable[Inspected], dropped: list[Dropped]) -> list[Inspected]:
    """Keep one of files with the same bytes, or none where their labels differ.

    It is the first, or that of the last official split: what is tested must not be trained on. It
    goes with whatever any of them is linked to.
    """
    same: dict[str, list[Inspected]] = defaultdict(list)
    for one in sound:
        same[one.sha256].append(one)
    unique = []
    for files in same.values():
        first, *others = sorted(files, key=_split_order, reverse=True)
        if len({first.label, *(one.label for one in others)}) > 1:
            dropped += [_contradiction(one) for one in (first, *others)]
            continue
        unique.append(replace(first, twins=tuple(one.candidate for one in others)))
        dropped += [Dropped(one.candidate, _second_copy(one, first)) for one in others]
    return unique


def _split_order(one: Inspected) -> int:
    last = one.candidate.entry.split.rpartition("+")[2]
    return SPLITS.index(last) if last else -1


def _second_copy(one: Inspected, original: Inspected) -> str:
    split, path = original.candidate.entry.split, original.candidate.entry.path
    if one.candidate.entry.split not in ("", split):
        return f"split_overlap: the same bytes are in the official {split}, as {path}."
    return f"exact_duplicate: of {path}"


def _drop_conflicts(unique: list[Inspected], copies: Copies, dropped: list[Dropped]) -> Cleaned:
    """Leave out both of a picture that was saved twice and filed under two labels.

    A fake that was made of a real looks like it: where a part of the picture differs, or both are
    known to be of one recording, they belong together and contradict nothing.
    """
    doubted = _doubted(unique, copies)
    pairs = [
        (unique[first].candidate.entry.path, unique[second].candidate.entry.path)
        for first, second in doubted
    ]
    contrary = {
        index
        for pair, is_one in zip(doubted, which_are_resaved(pairs), strict=True)
        if is_one
        for index in pair
    }
    dropped += [_contradiction(unique[index]) for index in sorted(contrary)]
    stays = np.array([index not in contrary for index in range(len(unique))], bool)
    return Cleaned(
        [one for one, kept in zip(unique, stays, strict=True) if kept],
        copies.among(stays),
        dropped,
    )


def _doubted(unique: Sequence[Inspected], copies: Copies) -> list[tuple[int, int]]:
    """Return the pairs across labels, of no known recording, that look the same throughout."""
    sources = [one.candidate.entry.source_id for one in unique]
    return [
        (first, second)
        for first, second in zip(
            copies.first[copies.same].tolist(), copies.second[copies.same].tolist(), strict=True
        )
        if unique[first].label != unique[second].label
        and not (sources[first] and sources[first] == sources[second])
    ]


def _contradiction(one: Inspected) -> Dropped:
    return Dropped(one.candidate, "label_conflict: the same picture is filed as real and as fake.")
