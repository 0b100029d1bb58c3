"""How the numbers change when pictures are changed: a measurement at each kind and strength."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from training.evaluation.model_under_test import ModelUnderTest
from training.evaluation.perturbations import Perturbation, everyone
from training.evaluation.rows import COMPARED, choose, measure_table, tabulate
from training.metrics import Measurement
from training.progress import track
from training.scoring import count_reasons, score

ROUNDS = 200  # of the bootstrap, at each of some sixty points


@dataclass(frozen=True)
class Point:
    """One set of images after one perturbation; None stands for the images as they are."""

    perturbation: Perturbation | None
    by: str
    name: str
    measurement: Measurement
    unscored: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the point for JSON: what its curves show."""
        one, done = self.measurement, self.perturbation
        return {
            "kind": done.kind if done else "as it is",
            "strength": done.strength if done else None,
            "kernel": done.kernel if done else "",
            "name": self.name,
            "n": one.n,
            "auc": one.auc,
            "auc_interval": one.intervals.get("auc"),
            "false_fake_rate": one.false_fake_rate,
            "recall": one.recall,
            "unscored": self.unscored,
        }


@dataclass(frozen=True)
class Robustness:
    """Every point, those of the images as they are first; `n` images of the datasets were drawn."""

    n: int
    points: tuple[Point, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the points for JSON."""
        return {"n": self.n, "points": [point.to_dict() for point in self.points]}


def draw_sample(items: pd.DataFrame, per_dataset: int, seed: int) -> pd.DataFrame:
    """Return at most so many items of each dataset, of both labels alike where it has both."""
    shuffled = items.sample(frac=1, random_state=seed)
    turn = shuffled.groupby(["dataset", "label"], sort=False).cumcount()
    by_turn = shuffled.assign(turn=turn).sort_values(["turn", "label"], kind="stable")
    drawn = by_turn.groupby("dataset", sort=False).head(per_dataset)
    return drawn.drop(columns="turn").sort_index().reset_index(drop=True)


def measure_robustness(
    items: pd.DataFrame, model: ModelUnderTest, *, per_dataset: int, seed: int
) -> Robustness:
    """Measure at most `per_dataset` images of each dataset under every perturbation.

    A picture that a perturbation makes too small to be scored is left out at that point, and
    counted there.
    """
    sample = draw_sample(items, per_dataset, seed)
    points: list[Point] = []
    changes = [None, *everyone()]
    for perturbation in track(changes, description="Measuring robustness"):
        change = perturbation.on_files(seed) if perturbation else None
        scored = score(sample, model.spec, model.engine, change=change)
        table = tabulate(scored, model.calibration)
        for by, name, chosen in choose(table):
            if by in COMPARED:
                found = measure_table(chosen, model.calibration.threshold, rounds=ROUNDS, seed=seed)
                points.append(Point(perturbation, by, name, found, count_reasons(chosen)))
    return Robustness(len(sample), tuple(points))
