"""Margins of many images, by the path that serving takes: bytes, `prepare`, an engine."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import DatasetError, ItemError, ModelUnavailableError
from detector.engines import Engine
from detector.preprocess import DecodeLimits, Prepared, PreprocessingSpec, prepare
from training.progress import track

BATCH_SIZE = 32
UNREADABLE = "unreadable"
OF_ANY_LENGTH = DecodeLimits(max_bytes=2**40)  # a changed picture is kept without loss, at length

Change = Callable[[bytes, int], bytes]


@dataclass(frozen=True)
class Scored:
    """Items with their margins; `faces` says whether faces were scored (`on`) or whole images.

    `items` is what was asked for, with three more columns: `margin` (float, NaN without a score),
    `reason` (why there is none: a code, or empty) and `sha256` of the bytes.
    """

    items: pd.DataFrame
    faces: str

    @property
    def sound(self) -> pd.DataFrame:
        """The items that have a score."""
        return self.items.loc[self.items["reason"] == ""]

    @property
    def labels(self) -> NDArray[np.int64]:
        """The labels of the items that have a score."""
        return self.sound["label"].to_numpy(np.int64)

    @property
    def margins(self) -> NDArray[np.float32]:
        """The margins of the items that have a score."""
        return self.sound["margin"].to_numpy(np.float32)

    @property
    def unscored(self) -> dict[str, int]:
        """How many items have no score, by the reason."""
        return count_reasons(self.items)

    def require_readable(self) -> None:
        """Raise DatasetError when a file is gone or may not be read."""
        lost = self.items.loc[self.items["reason"] == UNREADABLE, "path"]
        if len(lost):
            raise DatasetError(
                f"{len(lost):,} files could not be read, {lost.iloc[0]} for one; "
                "bring them back or prepare anew."
            )


def count_reasons(items: pd.DataFrame) -> dict[str, int]:
    """Return how many of the items have no score, by the reason."""
    reasons = items.loc[items["reason"] != "", "reason"]
    return {str(reason): int(n) for reason, n in reasons.value_counts().items()}


def score(
    items: pd.DataFrame,
    spec: PreprocessingSpec,
    engine: Engine,
    *,
    what: str = "",
    change: Change | None = None,
) -> Scored:
    """Return the margin of each item (columns path and label), of several faces the largest.

    With `what`, a progress bar says what is scored. `change` is given each file's bytes and the
    item's place, and returns the bytes that are scored instead. Raises ModelUnavailableError when
    the model gives what is no number.
    """
    paths = items["path"].tolist()
    starts = list(range(0, len(paths), BATCH_SIZE))
    margins = np.full(len(paths), np.nan, np.float32)
    reasons, digests = [""] * len(paths), [""] * len(paths)
    with ThreadPoolExecutor() as pool:
        batches = prepare_files(paths, spec, pool, change=change)
        for start in track(starts, description=f"Scoring {what}", disable=not what):
            batch = next(batches)
            for place, one in enumerate(batch, start):
                reasons[place], digests[place] = one.reason, one.sha256
            stacks = {
                place: one.prepared.pixels for place, one in enumerate(batch, start) if one.prepared
            }
            if stacks:
                margins[list(stacks)] = largest_margins(list(stacks.values()), engine)
    if not np.isfinite(margins[[not reason for reason in reasons]]).all():
        raise ModelUnavailableError(
            "The model gives scores that are no numbers; its weights are damaged or too large "
            "for the device's precision. Train or publish it again."
        )
    return Scored(items.assign(margin=margins, reason=reasons, sha256=digests), spec.faces)


@dataclass(frozen=True)
class PreparedFile:
    """A file's digest, and what is scored of it or why nothing is."""

    sha256: str = ""
    prepared: Prepared | None = None
    reason: str = ""


def prepare_files(
    paths: Sequence[str],
    spec: PreprocessingSpec,
    pool: ThreadPoolExecutor,
    *,
    change: Change | None = None,
) -> Iterator[list[PreparedFile]]:
    """Yield `BATCH_SIZE` files at a time, in order, while the pool prepares the next ones."""

    def load(place: int) -> PreparedFile:
        try:
            data = Path(paths[place]).read_bytes()
        except OSError:
            return PreparedFile(reason=UNREADABLE)
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            if change:
                return PreparedFile(sha256, prepare(change(data, place), spec, OF_ANY_LENGTH))
            return PreparedFile(sha256, prepare(data, spec, DecodeLimits()))
        except ItemError as error:
            return PreparedFile(sha256, reason=error.code.value)

    ahead: Iterator[PreparedFile] | None = None
    for start in range(0, len(paths), BATCH_SIZE):
        following = pool.map(load, range(start, min(start + BATCH_SIZE, len(paths))))
        if ahead is not None:
            yield list(ahead)
        ahead = following
    if ahead is not None:
        yield list(ahead)


def largest_margins(stacks: Sequence[NDArray[np.uint8]], engine: Engine) -> NDArray[np.float32]:
    """Return the margin of each image's stack of squares, uint8 [k, 3, size, size]: the largest."""
    pixels = np.concatenate(stacks)
    starts = range(0, len(pixels), BATCH_SIZE)
    margins = np.concatenate([engine.forward(pixels[at : at + BATCH_SIZE]) for at in starts])
    firsts = np.cumsum([0, *(len(stack) for stack in stacks[:-1])])
    return np.maximum.reduceat(margins, firsts)
