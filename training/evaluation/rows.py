"""An evaluation: every row that is measured of scored images, and what to know before using it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detector.decision import Calibration
from training.evaluation.caveats import find_caveats
from training.evaluation.levels import Level, levels
from training.evaluation.model_under_test import UNCALIBRATED
from training.evaluation.testset import complete, opposites
from training.metrics import Labels, Measurement, measure
from training.scoring import Scored, count_reasons

COMPARED = ("overall", "dataset", "pair")  # what curves are drawn of
MOST_SOURCES = 30  # of one dataset that are told apart; with more, each has hardly an image


@dataclass(frozen=True)
class Row:
    """One set of images at one level: `by` says what it was chosen by, `name` which it is.

    `unscored` counts by their reason the images (frames, videos) of the set that have no score;
    they are not in the measurement.
    """

    by: str
    name: str
    level: Level
    faces: str
    measurement: Measurement
    unscored: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the row for JSON, its measurement's fields among its own."""
        told = {"by": self.by, "name": self.name, "level": self.level.value, "faces": self.faces}
        return {**told, "unscored": self.unscored, **self.measurement.to_dict()}


@dataclass(frozen=True)
class Evaluation:
    """The rows, the first one over everything; `caveats` are sentences for a person."""

    rows: tuple[Row, ...]
    calibration: Calibration
    caveats: tuple[str, ...]

    @property
    def overall(self) -> Measurement:
        """The measurement over everything."""
        return self.rows[0].measurement

    @property
    def datasets(self) -> dict[str, Measurement]:
        """The measurement of each dataset, at its first level."""
        return self._first("dataset")

    @property
    def pairs(self) -> dict[str, Measurement]:
        """Each fakes-only dataset against each reals-only one (`tpdne vs celeba`)."""
        return self._first("pair")

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation for JSON."""
        return {
            "calibration": self.calibration.to_dict(),
            "caveats": list(self.caveats),
            "rows": [row.to_dict() for row in self.rows],
        }

    def _first(self, by: str) -> dict[str, Measurement]:
        found: dict[str, Measurement] = {}
        for row in self.rows:
            if row.by == by:
                found.setdefault(row.name, row.measurement)
        return found


def evaluate(
    scored: Scored, calibration: Calibration, *, rounds: int = 1000, seed: int = 7
) -> Evaluation:
    """Measure scored images at the calibration's threshold, with `rounds` of the bootstrap."""
    table = tabulate(scored, calibration)
    rows = []
    for by, name, chosen in choose(table):
        for level, counted in levels(chosen):
            found = measure_table(counted, calibration.threshold, rounds=rounds, seed=seed)
            rows.append(Row(by, name, level, scored.faces, found, count_reasons(counted)))
    measured: dict[str, Measurement] = {}
    for row in rows:
        measured.setdefault(row.name, row.measurement)
    return Evaluation(tuple(rows), calibration, tuple(find_caveats(table, measured)))


def tabulate(scored: Scored, calibration: Calibration) -> pd.DataFrame:
    """Return the scored items with their score, the score at a temperature of 1, and every column
    that evaluations choose by; `group` names what is resampled together."""
    items = complete(scored.items)
    return items.assign(
        score=calibration.scores(items["margin"].to_numpy(np.float32)),
        uncalibrated=UNCALIBRATED.scores(items["margin"].to_numpy(np.float32)),
        group=resampled_together(items),
    )


def measure_table(
    table: pd.DataFrame, threshold: float, *, rounds: int = 0, seed: int = 0
) -> Measurement:
    """Measure those rows of a table that have a score."""
    sound = table.loc[table["reason"] == ""]
    return measure(
        sound["score"].to_numpy(np.float64),
        sound["label"].to_numpy(np.int64),
        threshold,
        uncalibrated=sound["uncalibrated"].to_numpy(np.float64),
        groups=sound["group"].to_numpy(np.int64),
        rounds=rounds,
        seed=seed,
    )


def choose(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield what each row of an evaluation is measured on: by what, its name, and the items.

    The fakes of a method are measured against the reals of their dataset; of a dataset that has
    none, against those of each dataset of reals.
    """
    yield "overall", "all", table
    datasets = dict(list(table.groupby("dataset", sort=False)))
    for name, items in datasets.items():
        yield "dataset", str(name), items
    for name, items in datasets.items():
        fakes, reals = items.loc[items["label"] == 1], items.loc[items["label"] == 0]
        if len(set(fakes["method"])) > 1:
            for method, made in fakes.groupby("method", sort=False):
                yield "method", f"{name}: {method or 'unknown'}", pd.concat([made, reals])
    for name, items in datasets.items():
        if 1 < len(set(items["source_id"])) <= MOST_SOURCES:
            for source, shown in items.groupby("source_id", sort=False):
                yield "source", f"{name}: {source or 'unknown'}", shown
    for fake, real in opposites(table):
        fakes, reals = datasets[fake], datasets[real]
        yield "pair", f"{fake} vs {real}", pd.concat([fakes, reals])
        if len(set(fakes["method"])) > 1:
            for method, made in fakes.groupby("method", sort=False):
                name = f"{fake}: {method or 'unknown'} vs {real}"
                yield "method", name, pd.concat([made, reals])


def resampled_together(items: pd.DataFrame) -> Labels:
    """Number what the bootstrap draws whole: the connected group, else the video or the image."""
    of_group = "group " + items["group"].astype(str)
    of_video = "video " + items["dataset"] + "/" + items["video_id"]
    alone = "image " + pd.Series(range(len(items)), index=items.index).astype(str)
    named = of_group.where(items["group"] >= 0, of_video.where(items["video_id"] != "", alone))
    return pd.factorize(named)[0].astype(np.int64)
