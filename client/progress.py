"""The live line of a job: how many images have a verdict, how fast, how long to go.

It needs rich, without which the rest of the client works.
"""

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from client.answers import Job

WAITING = {"queued": "waiting for a worker", "planning": "listing the images"}


class JobProgress:
    """A progress bar that follows a job, on standard error; use it as a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None, speed="")

    def say(self, stage: str) -> None:
        """Name what goes on before there is a job."""
        self._progress.update(self._task, description=stage)

    def show_upload(self, sent: int, size: int) -> None:
        """Show how many bytes of how many have been sent."""
        self._progress.update(
            self._task, description=f"sending: {decimal(sent)} of {decimal(size)}"
        )

    def show(self, job: Job) -> None:
        """Show where the job stands."""
        self._progress.update(
            self._task,
            description=WAITING.get(job.state, job.state),
            completed=job.counters.ended,
            total=job.counters.total if job.listed_at else None,
            speed=_speed(job),
        )

    def show_silence(self, silence_s: float) -> None:
        """Show that the server does not answer, and for how long it has not."""
        stage = f"no answer from the server for {silence_s:.0f} s; asking again"
        self._progress.update(self._task, description=stage, speed="")

    def __enter__(self) -> "JobProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _speed(job: Job) -> str:
    parts = [] if job.rate is None else [f"{job.rate:.1f} images/s"]
    if job.eta_s is not None:
        minutes, seconds = divmod(round(job.eta_s), 60)
        parts.append(f"{minutes}:{seconds:02} to go")
    return ", ".join(parts)
