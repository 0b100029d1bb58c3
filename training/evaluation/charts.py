"""The charts of an evaluation: what each shows, from the tables that were measured."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from detector.decision import Calibration
from training.evaluation.adversarial import EPSILONS, Adversarial, AttackPoint
from training.evaluation.perturbations import STRENGTHS
from training.evaluation.robustness import Point, Robustness
from training.evaluation.rows import COMPARED, choose, measure_table, tabulate
from training.metrics import Floats, Labels, reliability
from training.plots import (
    Picture,
    in_both_themes,
    plot_attacks,
    plot_confusion,
    plot_precision_recall,
    plot_reliability,
    plot_robustness,
    plot_roc,
    plot_scores,
    save,
)
from training.scoring import Scored

MOST_LINES = 7

AS_IT_IS = "as it is"
TITLES = {
    "jpeg": "JPEG",
    "webp": "WebP",
    "blur": "Gaussian blur",
    "noise": "Gaussian noise",
    "resize": "Resizing, by kernel",
    "crop": "Random crop",
    "screenshot": "Screenshots sent on",
}

Chart = tuple[str, Callable[[], Figure], str]  # its name, how it is drawn, and what it shows


def draw_evaluation(
    scored: Scored, calibration: Calibration, folder: Path, *, is_calibrated: bool = True
) -> None:
    """Write the charts of scored images as PNG files; those of both labels only where there are."""
    table = tabulate(scored, calibration)
    for name, plot, _ in quality_charts(table, calibration, is_calibrated=is_calibrated):
        save(plot, folder / f"{name}.png")


def as_pictures(charts: Iterable[Chart]) -> list[Picture]:
    """Return the charts for a page."""
    return [in_both_themes(plot, alt) for _, plot, alt in charts]


def quality_charts(
    table: pd.DataFrame, calibration: Calibration, *, is_calibrated: bool
) -> Iterator[Chart]:
    """Yield the charts of how well a model does; most of them need images of both labels."""
    sound = table.loc[table["reason"] == ""]
    scores, labels = _scores_and_labels(sound)
    if not len(scores):
        return
    overall = measure_table(sound, calibration.threshold)
    if not overall.note:
        sets = _curve_sets(sound)
        yield "roc", partial(plot_roc, sets), f"ROC curves of {', '.join(sets)}."
        yield (
            "precision_recall",
            partial(plot_precision_recall, sets),
            f"Precision over recall of {', '.join(sets)}.",
        )
        after = reliability(scores, labels)
        before = reliability(sound["uncalibrated"].to_numpy(np.float64), labels)
        yield (
            "reliability",
            partial(plot_reliability, before if is_calibrated else None, after),
            "Share of fakes over the score; the expected calibration error is "
            f"{after.expected_calibration_error:.3f}.",
        )
    counts = overall.confusion
    yield (
        "scores",
        partial(plot_scores, scores, labels, calibration.threshold),
        f"Histogram of the scores; the threshold is {calibration.threshold:.3f}.",
    )
    yield (
        "confusion_matrix",
        partial(plot_confusion, counts),
        f"Reals said to be real {counts.true_real:,}, fake {counts.false_fake:,}; "
        f"fakes said to be real {counts.false_real:,}, fake {counts.true_fake:,}.",
    )


def robustness_charts(found: Robustness) -> Iterator[Chart]:
    """Yield a chart for each kind of change; for resizing, a line for each kernel."""
    unchanged = {point.name: point for point in found.points if point.perturbation is None}
    for kind, (counted_as, strengths) in STRENGTHS.items():
        lines: dict[str, dict[float | None, Point]] = defaultdict(dict)
        for point in found.points:
            done = point.perturbation
            if done and done.kind == kind and (not done.kernel or point.name == "all"):
                lines[done.kernel or point.name][done.strength] = point
        for name, line in lines.items():
            line[None] = unchanged["all" if kind == "resize" else name]
        shown = lines.keys() if kind == "resize" else _with_reals_of_their_own(unchanged)
        places = _places(kind, strengths)
        aucs = {name: [line[at].measurement.auc for at in places] for name, line in lines.items()}
        flagged = {
            name: [line[at].measurement.false_fake_rate for at in places]
            for name, line in lines.items()
            if name in shown
        }
        ticks = [AS_IT_IS if at is None else f"{at:g}" for at in places]
        yield (
            kind,
            partial(
                plot_robustness, TITLES[kind], counted_as, ticks, _known(aucs), _known(flagged)
            ),
            f"{TITLES[kind]}: AUC and share of reals flagged by {counted_as}; "
            "the same numbers are in the table.",
        )


def attack_chart(found: Adversarial) -> Iterator[Chart]:
    """Yield the chart of what attacks do to all attacked images, with nothing to undo them."""
    lines: dict[str, dict[int, AttackPoint]] = defaultdict(dict)
    plain = [point for point in found.points if point.name == "all" and not point.undoing]
    for point in plain:
        done = point.attack
        if done.method:
            lines[f"{done.method}, by {done.by}"][done.epsilon] = point
    for line in lines.values():
        line[0] = plain[0]
    ticks = [0, *EPSILONS]
    recalls = {name: [line[at].measurement.recall for at in ticks] for name, line in lines.items()}
    flagged = {
        name: [line[at].measurement.false_fake_rate for at in ticks] for name, line in lines.items()
    }
    yield (
        "attacks",
        partial(plot_attacks, [str(at) for at in ticks], _known(recalls), _known(flagged)),
        "Shares of fakes found and of reals flagged by the size of the attack; the same numbers "
        "are in the table.",
    )


def _with_reals_of_their_own(unchanged: dict[str, Point]) -> list[str]:
    """Return the datasets that have reals, after `all` when those are several."""
    datasets = [
        name
        for name, point in unchanged.items()
        if point.by == "dataset" and point.measurement.n_real
    ]
    return datasets if len(datasets) == 1 else ["all", *datasets]


def _places(kind: str, strengths: tuple[float, ...]) -> list[float | None]:
    """Return the strengths from mild to harsh, with None where the picture is as it is."""
    larger = [one for one in strengths if one > 1] if kind == "resize" else []
    return [*larger, None, *(one for one in strengths if one not in larger)]


def _known(lines: dict[str, list[float | None]]) -> dict[str, list[float | None]]:
    """Return the lines that have a value anywhere, as many as can be told apart."""
    known = {name: line for name, line in lines.items() if any(one is not None for one in line)}
    return dict(list(known.items())[:MOST_LINES])


def _curve_sets(sound: pd.DataFrame) -> dict[str, tuple[Floats, Labels]]:
    """Return scores and labels of everything, each dataset of both labels, and each pair."""
    sets: dict[str, tuple[Floats, Labels]] = {}
    for by, name, chosen in choose(sound):
        if by in COMPARED and len(set(chosen["label"])) == 2:
            auc = measure_table(chosen, 0.5).auc
            sets[f"{name}: AUC {auc:.3f}"] = _scores_and_labels(chosen)
    if len(set(sound["dataset"])) == 1:
        sets.pop(next(iter(sets)))  # the only dataset is everything
    return dict(list(sets.items())[:MOST_LINES])


def _scores_and_labels(sound: pd.DataFrame) -> tuple[Floats, Labels]:
    return sound["score"].to_numpy(np.float64), sound["label"].to_numpy(np.int64)
