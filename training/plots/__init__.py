"""Charts: of a run, of how well a model does, and of how it stands changed pictures."""

from training.plots.quality import (
    plot_confusion,
    plot_precision_recall,
    plot_reliability,
    plot_roc,
    plot_scores,
)
from training.plots.run import draw_curves
from training.plots.style import Picture, in_both_themes, save
from training.plots.under_change import plot_attacks, plot_robustness

__all__ = [
    "Picture",
    "draw_curves",
    "in_both_themes",
    "plot_attacks",
    "plot_confusion",
    "plot_precision_recall",
    "plot_reliability",
    "plot_robustness",
    "plot_roc",
    "plot_scores",
    "save",
]
