"""Numbers as people read them; what was not measured is a dash."""

from collections.abc import Callable, Mapping

from training.metrics import Interval

NONE = "-"


def number(value: float | None) -> str:
    """Return a number with three digits."""
    return NONE if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    """Return a share in percent."""
    return NONE if value is None else f"{100 * value:.1f} %"


def between(interval: Interval | None, told: Callable[[float], str] = number) -> str:
    """Return an interval by its ends, with the unit once; empty when there is none."""
    if interval is None:
        return ""
    return f"{told(interval[0]).removesuffix(' %')}-{told(interval[1])}"


def listed(counts: Mapping[str, int]) -> str:
    """Return counts by their reason, or a dash."""
    return ", ".join(f"{reason} {n:,}" for reason, n in counts.items()) or NONE
