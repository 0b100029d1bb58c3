"""What a comparison of heatmaps says of each method: its gain, and how far the best one is ahead.

Methods are measured on the same squares, so their differences are much surer than their gains.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.metrics import Floats, Interval, Labels
from training.metrics.bootstrap import interval, weightings
from training.metrics.ranking import share

ALL = "all"


@dataclass(frozen=True)
class Row:
    """How faithful the heatmaps of a method are, mean over squares of a verdict (or of `all`).

    `gain` is insertion less deletion, `behind` how much less it is than that of the best method
    of these verdicts; both with their 95 % interval, where there are squares enough to draw from.
    `seconds` is the median of making one.
    """

    verdict: str
    method: str
    n: int
    deletion: float
    insertion: float
    gain: float
    gain_interval: Interval | None
    behind: float
    behind_interval: Interval | None
    seconds: float


def compare_gains(measured: pd.DataFrame, *, rounds: int, seed: int) -> tuple[Row, ...]:
    """Return a row for each method: over all squares, then over those of each verdict.

    The columns are method, square, verdict, group (what the bootstrap draws whole), deletion,
    insertion and seconds; every method has measured every square.
    """
    ordered = measured.sort_values("square", kind="stable")
    table = ordered.assign(gain=ordered["insertion"] - ordered["deletion"])
    rows = _rows(ALL, table, rounds, seed)
    for verdict, part in table.groupby("verdict"):
        rows += _rows(str(verdict), part, rounds, seed)
    return tuple(rows)


def _rows(verdict: str, table: pd.DataFrame, rounds: int, seed: int) -> list[Row]:
    parts = {str(name): part for name, part in table.groupby("method", sort=False)}
    gains = {name: part["gain"].to_numpy(np.float64) for name, part in parts.items()}
    best = max(gains.values(), key=np.mean)
    rows = []
    for method, part in parts.items():
        gain, groups = gains[method], part["group"].to_numpy(np.int64)
        rows.append(
            Row(
                verdict=verdict,
                method=method,
                n=len(part),
                deletion=float(np.mean(part["deletion"])),
                insertion=float(np.mean(part["insertion"])),
                gain=float(np.mean(gain)),
                gain_interval=_interval(gain, groups, rounds, seed),
                behind=float(np.mean(best - gain)),
                behind_interval=_interval(best - gain, groups, rounds, seed),
                seconds=float(np.median(part["seconds"])),
            )
        )
    return rows


def _interval(values: Floats, groups: Labels, rounds: int, seed: int) -> Interval | None:
    """Return the interval of a mean; of a single group there is none."""
    if not rounds or len(np.unique(groups)) < 2:
        return None
    means = [
        share(weights @ values, weights.sum(axis=1))
        for weights in weightings(groups, rounds=rounds, seed=seed)
    ]
    return interval(np.concatenate(means), float(values.mean()))
