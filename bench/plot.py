"""Draws the comparison: rates as ratios to the bare loop, and how long a single image waits."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.entries import Entry
from bench.figures import Figures, percentile_ms, ratio
from bench.report import number
from bench.workloads import Workload

OURS, OTHERS = "#0b6e4f", "#9aa5b1"


def draw(
    path: Path,
    workloads: Sequence[Workload],
    entries: Sequence[Entry],
    found: Mapping[str, Mapping[str, Figures]],
) -> None:
    """Write the plot as a PNG; what could not be measured has no bar."""
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(10, 3 * len(workloads)), layout="constrained")
        axes = figure.subplots(len(workloads), 2, squeeze=False)
        for (left, right), workload in zip(axes, workloads, strict=True):
            taken = found.get(workload.name, {})
            _rates(left, workload, entries, taken)
            _latencies(right, entries, taken)
        figure.savefig(path, dpi=120)


def _rates(
    axes: Axes, workload: Workload, entries: Sequence[Entry], found: Mapping[str, Figures]
) -> None:
    bare = found.get("a", Figures())
    values = [ratio(found.get(entry.letter, Figures()), bare) or 0 for entry in entries]
    _bars(axes, entries, values)
    axes.set_title(workload.title, loc="left")
    axes.set_xlabel("images a second, as a ratio to the bare loop")


def _latencies(axes: Axes, entries: Sequence[Entry], found: Mapping[str, Figures]) -> None:
    taken = [found.get(entry.letter, Figures()).bulk_s for entry in entries]
    _bars(axes, entries, [percentile_ms(each, 0.95) or 0 for each in taken])
    axes.set_xlabel("a single image under bulk, 95th percentile, ms")


def _bars(axes: Axes, entries: Sequence[Entry], values: Sequence[float]) -> None:
    names = [f"({entry.letter}) {entry.name}" for entry in entries]
    colours = [OURS if entry.letter == "b" else OTHERS for entry in entries]
    axes.barh(names, values, color=colours)
    axes.invert_yaxis()
    for row, value in enumerate(values):
        if value:
            axes.annotate(f" {number(value)}", (value, row), va="center")
