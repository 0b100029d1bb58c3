"""Says on the terminal what is being measured, how far it is, and when it will end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(bar_width=24),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


class Progress:
    """A bar with one step for each thing that a contender is asked to do."""

    def __init__(self) -> None:
        self._bar = Bar(*COLUMNS, console=Console(stderr=True))
        self._task = self._bar.add_task("the network is converted")

    def expect(self, steps: int) -> None:
        """Say how many steps there will be."""
        self._bar.update(self._task, total=steps)

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show what is being done; in the end it counts as one step.

        Where there is no terminal that shows a bar, each step leaves a line.
        """
        self._bar.update(self._task, description=what)
        begun = time.monotonic()
        yield
        self._bar.advance(self._task)
        if not self._bar.console.is_terminal:
            self.say(f"{what}, {time.monotonic() - begun:.1f} s")

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(line, markup=False, highlight=False)
