"""`fakesweep jobs watch`: follow a job to its end."""

import sys
from collections.abc import Callable

import click
from rich.console import Console

from cli.connection import INTERRUPTED_EXIT_CODE, connected
from cli.jobs.options import job_argument
from cli.report import ending
from cli.server import server_option
from cli.text import plain
from client import Client, Job, Verdict
from client.progress import JobProgress
from core.errors import FakesweepError
from core.json_lines import echo_json, json_option

ENDING_WIDTH = len("uncertain 0.500")


@click.command()
@job_argument
@click.option("--verdicts", is_flag=True, help="Write each verdict as it lands, one a line.")
@json_option
@server_option
def watch(job_id: str, verdicts: bool, as_json: bool, url: str | None) -> None:
    """Follow a job to its end. Exit code 0: it completed; 1: it ended otherwise.

    With --json, standard output has the job as it ended, or its verdicts alone.
    """
    with connected(url) as client:
        follow(client, job_id, verdicts=verdicts, as_json=as_json)


def follow(client: Client, job_id: str, *, verdicts: bool = False, as_json: bool = False) -> None:
    """Show the progress of a job, or its verdicts, and how it ended; raises unless it completed."""
    try:
        if verdicts:
            job = _echo_verdicts(client, job_id, echo_json if as_json else _echo)
        else:
            job = _show_progress(client, job_id)
    except KeyboardInterrupt:
        click.echo(f"Stopped watching; job {job_id} goes on.", err=True)
        sys.exit(INTERRUPTED_EXIT_CODE)
    if as_json and not verdicts:
        echo_json(job)
    counters = job.counters
    sentence = (
        f"Job {job.id} is {job.state}: {counters.ended:,} of {counters.total:,} images have a "
        f"verdict. {counters.fake:,} are fake, {counters.uncertain:,} uncertain, "
        f"{counters.real:,} real; {counters.not_applicable:,} not applicable, "
        f"{counters.failed:,} failed."
    )
    if job.state != "completed":
        raise FakesweepError(f"{sentence} {job.error or ''}".rstrip())
    click.echo(sentence, err=as_json)


def _show_progress(client: Client, job_id: str) -> Job:
    with JobProgress(Console(stderr=True, highlight=False)) as progress:
        for event in client.jobs.events(job_id, verdicts=False):
            if event.job is not None:
                progress.show(event.job)
                if event.name == "end":
                    return event.job
    raise _broken_off(job_id)


def _echo_verdicts(client: Client, job_id: str, echo: Callable[[Verdict], None]) -> Job:
    """Write the verdicts without a bar: rich would move standard output to where the bar is."""
    for event in client.jobs.events(job_id):
        for verdict in event.verdicts:
            echo(verdict)
        if event.name == "end" and event.job is not None:
            return event.job
    raise _broken_off(job_id)


def _echo(verdict: Verdict) -> None:
    label, score = ending(verdict)
    click.echo(f"{f'{label} {score}'.rstrip():<{ENDING_WIDTH}}  {plain(verdict.name)}")


def _broken_off(job_id: str) -> FakesweepError:
    return FakesweepError(f"The events of job {job_id} ended before the job did; watch it again.")
