"""How every chart looks: one quiet style, in a light and a dark theme, and the way to a file."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cycler import cycler
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

SIZE = (5.2, 4.4)  # inches
DPI = 144
LINES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Theme:
    """Colours; each line's keeps 4.5:1 on the ground, as text does."""

    ground: str
    ink: str
    faint: str
    series: tuple[str, ...]


LIGHT = Theme(
    ground="#ffffff",
    ink="#1c1e22",
    faint="#dfdcd4",
    series=("#2f4bc0", "#b3261e", "#1b6b47", "#7d5200", "#653a99", "#0b6577", "#565b62"),
)
DARK = Theme(
    ground="#1b1d21",
    ink="#eceae5",
    faint="#3a3e46",
    series=("#a3b4ff", "#ff9d93", "#82d4aa", "#efc065", "#cdb2f5", "#7fd3e0", "#b0b5bc"),
)


@dataclass(frozen=True)
class Picture:
    """A chart as two data URIs of PNG images, and what it shows in words."""

    light: str
    dark: str
    alt: str


def in_both_themes(plot: Callable[[], Figure], alt: str) -> Picture:
    """Return a chart for light and for dark pages."""
    return Picture(_data_uri(plot, LIGHT), _data_uri(plot, DARK), alt)


def save(plot: Callable[[], Figure], file: Path) -> None:
    """Write a chart as a PNG file in the light theme."""
    with rc_context(_settings(LIGHT)):
        plot().savefig(file, dpi=DPI)


def one_panel(**of_axes: object) -> tuple[Figure, Axes]:
    """Return a figure with axes of the given properties."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set(**of_axes)
    return figure, axes


def two_panels() -> tuple[Figure, tuple[Axes, Axes]]:
    """Return a figure with two axes, one above the other, that share what lies below."""
    figure = Figure(figsize=(SIZE[0], SIZE[1] * 1.35), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    return figure, (upper, lower)


def legend_below(figure: Figure, axes: Axes) -> None:
    """Name what the axes show under the figure, where it covers nothing."""
    handles, names = axes.get_legend_handles_labels()
    name_below(figure, dict(zip(names, handles, strict=True)))


def name_below(figure: Figure, handles: Mapping[str, Artist]) -> None:
    """Name lines and areas under the figure."""
    columns = 1 if any(len(name) > 24 for name in handles) else 2
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=columns)


def _data_uri(plot: Callable[[], Figure], theme: Theme) -> str:
    buffer = io.BytesIO()
    with rc_context(_settings(theme)):
        plot().savefig(buffer, format="png", dpi=DPI)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _settings(theme: Theme) -> dict[RcKeyType, Any]:
    lines = [style for style in LINES for _ in theme.series]
    return {
        "figure.facecolor": theme.ground,
        "savefig.facecolor": theme.ground,
        "axes.facecolor": theme.ground,
        "axes.edgecolor": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.prop_cycle": cycler(color=theme.series * len(LINES), linestyle=lines),
        "grid.color": theme.faint,
        "grid.linewidth": 0.8,
        "text.color": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "font.size": 11,
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
    }
