"""`fakesweep jobs watch`: follow a job to its end."""

import sys

import click
from rich.console import Console

from cli.connection import connected
from cli.jobs.options import job_argument
from cli.progress import JobProgress
from cli.server import server_option
from client import Client, Job
from core.errors import FakesweepError

INTERRUPTED_EXIT_CODE = 130


@click.command()
@job_argument
@server_option
def watch(job_id: str, url: str | None) -> None:
    """Follow a job to its end. Exit code 0: it completed; 1: it ended otherwise."""
    with connected(url) as client:
        follow(client, job_id)


def follow(client: Client, job_id: str) -> None:
    """Show the job's progress until its end, then how it ended; raises unless it completed."""
    try:
        job = _follow(client, job_id)
    except KeyboardInterrupt:
        click.echo(f"Stopped watching; job {job_id} goes on.", err=True)
        sys.exit(INTERRUPTED_EXIT_CODE)
    counters = job.counters
    sentence = (
        f"Job {job.id} is {job.state}: {counters.ended:,} of {counters.total:,} images have a "
        f"verdict. {counters.fake:,} are fake, {counters.uncertain:,} uncertain, "
        f"{counters.real:,} real; {counters.not_applicable:,} not applicable, "
        f"{counters.failed:,} failed."
    )
    if job.state != "completed":
        raise FakesweepError(f"{sentence} {job.error or ''}".rstrip())
    click.echo(sentence)


def _follow(client: Client, job_id: str) -> Job:
    with JobProgress(Console(stderr=True, highlight=False)) as progress:
        for event in client.jobs.events(job_id, verdicts=False):
            if event.job is not None:
                progress.show(event.job)
                if event.name == "end":
                    return event.job
    raise FakesweepError(f"The events of job {job_id} ended before the job did; watch it again.")
