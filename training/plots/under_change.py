"""What changed pictures do to the numbers, as charts: robustness, and attacks."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from training.plots.style import name_below, two_panels

# A value for each tick (None: not measured), by the name of the line.
Series = Mapping[str, Sequence[float | None]]


def plot_robustness(
    title: str, counted_as: str, ticks: Sequence[str], aucs: Series, flagged: Series
) -> Figure:
    """Plot AUC and the share of reals flagged over the strengths, named from mild to harsh."""
    figure, (upper, lower) = _draw(ticks, aucs, flagged)
    upper.set(title=title, ylabel="AUC", ylim=(None, 1.01))
    lower.set(xlabel=counted_as, ylabel="share of reals flagged", ylim=(-0.01, None))
    return figure


def plot_attacks(ticks: Sequence[str], found: Series, flagged: Series) -> Figure:
    """Plot the shares of fakes found and of reals flagged over the size of an attack."""
    figure, (upper, lower) = _draw(ticks, found, flagged)
    upper.set(title="Under attack", ylabel="share of fakes found", ylim=(-0.02, 1.02))
    lower.set(
        xlabel="largest change of a value, of 255",
        ylabel="share of reals flagged",
        ylim=(-0.02, 1.02),
    )
    return figure


def _draw(ticks: Sequence[str], above: Series, below: Series) -> tuple[Figure, tuple[Axes, Axes]]:
    """Return a figure with both sets of lines; a name looks the same in both, and is told once."""
    figure, panels = two_panels()
    places = np.arange(len(ticks))
    names = list(dict.fromkeys([*above, *below]))
    styles = dict(zip(names, cycle(mpl.rcParams["axes.prop_cycle"]), strict=False))
    handles: dict[str, Line2D] = {}
    for axes, series in zip(panels, (above, below), strict=True):
        for name, values in series.items():
            known = np.array([np.nan if value is None else value for value in values])
            (handles[name],) = axes.plot(places, known, marker="o", **styles[name])
        axes.set(xticks=places, xticklabels=ticks)
    name_below(figure, handles)
    return figure, panels
