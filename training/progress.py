"""The bars of what takes long, on standard error: what a command writes stays its own.

Where that is no terminal, a line is left for each that has ended.
"""

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress
from rich.progress import track as track_on

Item = TypeVar("Item")


def bar() -> Progress:
    """Return a bar to be entered; its tasks are told by whoever enters it."""
    return Progress(console=Console(stderr=True))


def track(
    items: Iterable[Item], description: str, *, total: float | None = None, disable: bool = False
) -> Iterable[Item]:
    """Yield the items while a bar says how many are done, and when the rest will be."""
    return track_on(items, description, total=total, disable=disable, console=Console(stderr=True))
