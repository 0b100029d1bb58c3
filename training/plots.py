"""Pictures of a run and of a model version, as PNG files for people."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


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
