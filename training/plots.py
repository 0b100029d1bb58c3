"""Pictures of a run and of a model version, as PNG files for people."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score, roc_curve

from training.metrics import Confusion, Floats, Labels, Reliability

ROC_FLOOR = 0.002  # the least share of real images that is drawn


def draw_curves(history: list[dict[str, Any]], file: Path) -> None:
    """Draw the losses, and the validation accuracy and AUC, over the epochs of a run."""
    steps = [entry for entry in history if "loss" in entry]
    epochs = [entry for entry in history if "eval_loss" in entry]
    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, quality = figure.subplots(1, 2)
    losses.plot(_column(steps, "epoch"), _column(steps, "loss"), alpha=0.6, label="training")
    losses.plot(
        _column(epochs, "epoch"), _column(epochs, "eval_loss"), marker="o", label="validation"
    )
    losses.set(xlabel="epoch", ylabel="loss", title="Loss", ylim=(0, None))
    for metric in ("accuracy", "auc"):
        quality.plot(
            _column(epochs, "epoch"), _column(epochs, f"eval_{metric}"), marker="o", label=metric
        )
    quality.set(xlabel="epoch", title="On validation images", ylim=(None, 1.005))
    for axes in (losses, quality):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(file, dpi=110)


def _column(entries: list[dict[str, Any]], name: str) -> list[float]:
    return [float(entry[name]) for entry in entries]


def draw_confusion(counts: Confusion, file: Path) -> None:
    """Draw the confusion matrix at the threshold."""
    cells = [[counts.true_real, counts.false_fake], [counts.false_real, counts.true_fake]]
    figure, axes = _square()
    axes.imshow(cells, cmap="Blues", vmin=0)
    darkest = max(max(row) for row in cells)
    for row, line in enumerate(cells):
        for column, count in enumerate(line):
            colour = "white" if count > darkest / 2 else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour, size=14)
    axes.set(
        xticks=[0, 1],
        yticks=[0, 1],
        xticklabels=["real", "fake"],
        yticklabels=["real", "fake"],
        xlabel="said",
        ylabel="is",
        title="Confusion matrix at the threshold",
    )
    figure.savefig(file, dpi=110)


def draw_roc(curves: dict[str, tuple[Floats, Labels]], file: Path) -> None:
    """Draw a ROC curve for each named set of scores and labels; the x axis is logarithmic."""
    figure, axes = _square()
    for name, (scores, labels) in curves.items():
        fpr, tpr, _ = roc_curve(labels, scores)
        auc = roc_auc_score(labels, scores)
        axes.step(np.maximum(fpr, ROC_FLOOR), tpr, where="post", label=f"{name}: AUC {auc:.3f}")
    axes.set(
        xscale="log",
        xlim=(ROC_FLOOR, 1),
        ylim=(0, 1.01),
        xlabel="share of real images flagged",
        ylabel="share of fakes found",
        title="ROC",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(file, dpi=110)


def draw_reliability(found: Reliability, file: Path) -> None:
    """Draw the share of fakes over the mean score of each bin, with the counts."""
    figure, axes = _square()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--", label="perfect")
    axes.plot(found.mean_scores, found.fake_shares, marker="o", label="this model")
    for x, y, count in zip(found.mean_scores, found.fake_shares, found.counts, strict=True):
        axes.annotate(f"{count:,}", (x, y), textcoords="offset points", xytext=(6, -10), size=8)
    axes.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel="score",
        ylabel="share of fakes",
        title=f"Reliability (expected error {found.expected_calibration_error:.3f})",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    figure.savefig(file, dpi=110)


def _square() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    return figure, figure.subplots()
