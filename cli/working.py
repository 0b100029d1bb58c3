"""A sign of life on standard error, for what may take longer than a moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def working(stage: str) -> Iterator[None]:
    """Show the stage and the time it takes; nothing where standard error is no terminal."""
    console = Console(stderr=True, highlight=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        progress.add_task(stage, total=None)
        yield


@contextmanager
def uploading(stage: str) -> Iterator[Callable[[int, int], None]]:
    """Show the stage, and a bar once the function that is yielded hears of bytes: of how many."""
    console = Console(stderr=True, highlight=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[sent]}"),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(stage, total=None, sent="")

        def show(sent: int, size: int) -> None:
            shown = f"{decimal(sent)} of {decimal(size)}"
            progress.update(task, completed=sent, total=size, sent=shown)

        yield show
