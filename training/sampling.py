"""What is shown in an epoch: how many images of which kind, from which dataset, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import DatasetError
from training.config import Sampling


class Kind(StrEnum):
    """How an example comes about; all but `real` are labelled fake."""

    REAL = "real"
    GENERATED = "generated"
    SELF_BLENDED = "self_blended"
    SWAPPED = "swapped"
    RECONSTRUCTED = "reconstructed"


@dataclass(frozen=True)
class Epoch:
    """The examples of an epoch in order: the kind of each, and the row that it is made of."""

    kinds: NDArray[np.str_]
    rows: NDArray[np.intp]


@dataclass(frozen=True)
class Sampler:
    """Draws epochs from the rows of each kind; the same seed and epoch give the same one."""

    pools: dict[Kind, dict[str, NDArray[np.intp]]]  # kind -> dataset -> rows
    shares: dict[Kind, float]
    images: int
    balance: float
    seed: int

    def epoch(self, number: int) -> Epoch:
        """Return the examples of the epoch: every row of a dataset once, before any comes again."""
        draw = np.random.default_rng((self.seed, number))
        kinds, rows = [], []
        for kind, count in zip(
            self.shares, _apportion(self.images, list(self.shares.values())), strict=True
        ):
            pool = self.pools[kind]
            weights = [len(members) ** self.balance for members in pool.values()]
            for members, some in zip(pool.values(), _apportion(count, weights), strict=True):
                rows.append(_repeated(members, some, draw))
                kinds.append(np.full(some, kind.value))
        order = draw.permutation(self.images)
        return Epoch(np.concatenate(kinds)[order], np.concatenate(rows)[order])


def build_sampler(items: pd.DataFrame, config: Sampling, seed: int) -> Sampler:
    """Return the sampler of a training split (columns label, dataset, method, landmarks).

    Raises DatasetError when there is no row for a kind that has a weight.
    """
    weights = {Kind(name): weight for name, weight in config.fakes if weight}
    all_weights = sum(weights.values())
    shares = {
        Kind.REAL: 0.5,
        **{kind: weight / all_weights / 2 for kind, weight in weights.items()},
    }
    pools = {kind: _pool(items, kind) for kind in shares}
    for kind, pool in pools.items():
        if not pool:
            raise DatasetError(
                f"The training split has nothing to make {kind.value} images of; set the weight "
                f"of {kind.value} to 0, or prepare a dataset that has it (faces on)."
            )
    images = config.images_per_epoch or len(items)
    return Sampler(pools, shares, images, config.balance, seed)


def _pool(items: pd.DataFrame, kind: Kind) -> dict[str, NDArray[np.intp]]:
    real = items["label"].to_numpy() == 0
    rebuilt = items["method"].to_numpy() == Kind.RECONSTRUCTED.value
    has_face = items["landmarks"].map(len).to_numpy() > 0
    chosen = {
        Kind.REAL: real,
        Kind.GENERATED: ~real & ~rebuilt,
        Kind.SELF_BLENDED: real & has_face,
        Kind.SWAPPED: real & has_face,
        Kind.RECONSTRUCTED: rebuilt,
    }[kind]
    datasets = items["dataset"].to_numpy()
    return {
        name: np.flatnonzero(chosen & (datasets == name)) for name in sorted(set(datasets[chosen]))
    }


def _apportion(count: int, weights: Sequence[float]) -> list[int]:
    """Divide a count by weights; the parts add up to it."""
    bounds = np.rint(np.cumsum(weights) / sum(weights) * count).astype(int)
    return np.diff(bounds, prepend=0).tolist()


def _repeated(members: NDArray[np.intp], count: int, draw: np.random.Generator) -> NDArray[np.intp]:
    rounds = -(-count // len(members))
    return np.concatenate([draw.permutation(members) for _ in range(rounds)] or [members])[:count]
