"""`fakesweep jobs`: the jobs of a server, through its API."""

from itertools import islice

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from cli.connection import connected
from cli.text import plain
from client import Client, Job

server_option = click.option(
    "--url", metavar="URL", help="Address of the server; by default as the settings say."
)

JOB_ID_LENGTH = len("job_") + 32


@click.group()
def jobs() -> None:
    """List, show and cancel the jobs of a server."""


@jobs.command("list")
@server_option
@click.option("--state", help="Only jobs in this state.")
@click.option("--limit", default=20, show_default=True, help="Show at most so many.")
def list_jobs(url: str | None, state: str | None, limit: int) -> None:
    """List the jobs, newest first."""
    whole_id = Column("job", no_wrap=True, min_width=JOB_ID_LENGTH)  # people copy it
    table = Table(whole_id, "state", "images", "created (UTC)", box=SIMPLE_HEAD)
    with connected(url) as client:
        for job in islice(client.jobs.list(state=state), limit):
            table.add_row(*_row(job))
    if table.row_count:
        Console().print(table)
    else:
        click.echo("There are no such jobs.")


@jobs.command()
@click.argument("job_id", metavar="JOB")
@server_option
def show(job_id: str, url: str | None) -> None:
    """Show where a job stands."""
    with connected(url) as client:
        _describe(client.jobs.get(job_id))


@jobs.command()
@click.argument("job_id", metavar="JOB")
@server_option
def cancel(job_id: str, url: str | None) -> None:
    """Cancel a job; shards in hand still end."""
    with connected(url) as client:
        _cancel(client, job_id)


def _cancel(client: Client, job_id: str) -> None:
    job = client.jobs.cancel(job_id)
    click.echo(f"Job {job.id} is {job.state}; {job.counters.ended} images have a verdict.")


def _describe(job: Job) -> None:
    table = Table(box=None, show_header=False)
    for name, value in {
        "job": job.id,
        "kind": job.kind,
        "state": job.state,
        "error": job.error,
        "model version": job.model_version,
        "images/s": None if job.rate is None else f"{job.rate:.1f}",
        "seconds to go": None if job.eta_s is None else f"{job.eta_s:.0f}",
        **{name.replace("_", " "): str(value) for name, value in vars(job.counters).items()},
    }.items():
        if value is not None:
            table.add_row(name, plain(value))
    Console().print(table)


def _row(job: Job) -> list[str]:
    return [job.id, job.state, str(job.counters.total), f"{job.created_at:%Y-%m-%d %H:%M}"]
