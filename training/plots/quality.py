"""How well a model does, as charts: ROC, precision and recall, reliability, scores, confusion."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from training.metrics import Confusion, Floats, Labels, Reliability
from training.plots.style import legend_below, one_panel

ROC_FLOOR = 0.002  # the least share of real images that is drawn
SCORE_BINS = 40

Sets = Mapping[str, tuple[Floats, Labels]]


def plot_roc(sets: Sets) -> Figure:
    """Plot a ROC curve for each named set of scores and labels; the x axis is logarithmic."""
    figure, axes = one_panel(
        title="ROC",
        xscale="log",
        xlim=(ROC_FLOOR, 1),
        ylim=(0, 1.01),
        xlabel="share of real images flagged",
        ylabel="share of fakes found",
    )
    for name, (scores, labels) in sets.items():
        fpr, tpr, _ = roc_curve(labels, scores)
        axes.step(np.maximum(fpr, ROC_FLOOR), tpr, where="post", label=name)
    axes.set(xticks=[0.01, 0.1, 1], xticklabels=["1 %", "10 %", "100 %"])
    legend_below(figure, axes)
    return figure


def plot_precision_recall(sets: Sets) -> Figure:
    """Plot precision over recall for each named set of scores and labels."""
    figure, axes = one_panel(
        title="Precision and recall",
        xlim=(0, 1),
        ylim=(0, 1.02),
        xlabel="share of fakes found (recall)",
        ylabel="share of the flagged that is fake",
    )
    for name, (scores, labels) in sets.items():
        precision, recall, _ = precision_recall_curve(labels, scores, drop_intermediate=True)
        axes.step(recall, precision, where="pre", label=name)
    legend_below(figure, axes)
    return figure


def plot_reliability(before: Reliability | None, after: Reliability) -> Figure:
    """Plot the share of fakes over the mean score of each bin, before and after the temperature."""
    figure, axes = one_panel(
        title="Reliability",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        xlabel="score",
        ylabel="share of fakes",
    )
    axes.plot([0, 1], [0, 1], color=mpl.rcParams["grid.color"], linestyle="-", zorder=1)
    named = {"before the temperature": before, "after it": after} if before else {"scores": after}
    for name, found in named.items():
        if found:
            label = f"{name}: error {found.expected_calibration_error:.3f}"
            axes.plot(found.mean_scores, found.fake_shares, marker="o", label=label)
    for x, y, count in zip(after.mean_scores, after.fake_shares, after.counts, strict=True):
        axes.annotate(f"{count:,}", (x, y), textcoords="offset points", xytext=(6, -12), size=9)
    legend_below(figure, axes)
    return figure


def plot_scores(scores: Floats, labels: Labels, threshold: float) -> Figure:
    """Plot how the scores of reals and of fakes are spread, as shares of each."""
    figure, axes = one_panel(
        title="Scores", xlim=(0, 1), xlabel="score", ylabel="share of the images of a label"
    )
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    for label, name, colour, hatch in ((0, "real", colours[2], ""), (1, "fake", colours[1], "//")):
        chosen = scores[labels == label]
        if len(chosen):
            counts, edges = np.histogram(chosen, bins=SCORE_BINS, range=(0, 1))
            axes.stairs(
                counts / len(chosen), edges, fill=True, facecolor=(colour, 0.3), edgecolor=colour,
                hatch=hatch, linewidth=1.4, label=f"{name} ({len(chosen):,})",
            )  # fmt: skip
    axes.axvline(threshold, color=mpl.rcParams["text.color"], linestyle="--", linewidth=1.2)
    axes.annotate(
        f"threshold {threshold:.3f}",
        (threshold, 1),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        xytext=(-4 if threshold > 0.5 else 4, -10),
        ha="right" if threshold > 0.5 else "left",
        size=10,
    )
    legend_below(figure, axes)
    return figure


def plot_confusion(counts: Confusion) -> Figure:
    """Plot the confusion matrix at the threshold; the shades are shares of each label."""
    cells = np.array([[counts.true_real, counts.false_fake], [counts.false_real, counts.true_fake]])
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    figure, axes = one_panel(title="Confusion matrix at the threshold")
    ground = mpl.rcParams["axes.facecolor"]
    first = mpl.rcParams["axes.prop_cycle"].by_key()["color"][0]
    shades = LinearSegmentedColormap.from_list("quiet", [ground, first])
    axes.imshow(shares, cmap=shades, vmin=0, vmax=2.2)  # pale enough for the ink on it
    for (row, column), share in np.ndenumerate(shares):
        told = f"{cells[row, column]:,}\n{100 * share:.1f} %" if cells[row].sum() else "0"
        axes.text(column, row, told, ha="center", va="center", size=13)
    axes.set(
        xticks=[0, 1],
        yticks=[0, 1],
        xticklabels=["real", "fake"],
        yticklabels=["real", "fake"],
        xlabel="said",
        ylabel="is",
    )
    axes.grid(visible=False)
    return figure
