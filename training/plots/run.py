"""The curves of a run: losses, and how well it does on the images that it does not learn from."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from training.plots.style import SIZE, save


def draw_curves(history: list[dict[str, Any]], file: Path) -> None:
    """Draw the losses, and the validation accuracy and AUC, over the epochs of a run."""
    save(lambda: _plot_curves(history), file)


def _plot_curves(history: list[dict[str, Any]]) -> Figure:
    steps = [entry for entry in history if "loss" in entry]
    epochs = [entry for entry in history if "eval_loss" in entry]
    figure = Figure(figsize=(2 * SIZE[0], SIZE[1]), layout="constrained")
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
    return figure


def _column(entries: list[dict[str, Any]], name: str) -> list[float]:
    return [float(entry[name]) for entry in entries]
