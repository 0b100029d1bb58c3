"""`fakesweep jobs list` and `show`."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from cli.connection import connected
from cli.jobs.options import (
    Moment,
    job_argument,
    metadata_option,
    one_of,
)
from cli.server import server_option
from cli.text import plain
from client import Job
from core.json_lines import echo_json, json_option
from core.terms import FaceMode, JobKind, JobState, Priority

JOB_ID_LENGTH = len("job_") + 32


@click.command("list")
@click.option("--state", type=one_of(JobState), help="Only jobs in this state.")
@click.option("--kind", type=one_of(JobKind), help="Only jobs of this kind.")
@click.option("--priority", type=one_of(Priority), help="Only jobs of this priority.")
@metadata_option("Only jobs that have this; of several, all.")
@click.option("--created-after", type=Moment(), help="Only jobs made then or later; in UTC.")
@click.option("--created-before", type=Moment(), help="Only jobs made earlier; in UTC.")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Show at most so many."
)
@json_option
@server_option
def list_jobs(
    state: str | None,
    kind: str | None,
    priority: str | None,
    metadata: Mapping[str, str],
    created_after: datetime | None,
    created_before: datetime | None,
    limit: int,
    as_json: bool,
    url: str | None,
) -> None:
    """List the jobs, newest first."""
    with connected(url) as client:
        found = client.jobs.list(
            state=state,
            kind=kind,
            priority=priority,
            metadata=metadata,
            created_after=created_after,
            created_before=created_before,
        )
        listed = list(islice(found, limit))
    if as_json:
        for job in listed:
            echo_json(job)
    elif listed:
        Console().print(_table(listed))
    else:
        click.echo("There are no such jobs.")


@click.command()
@job_argument
@json_option
@server_option
def show(job_id: str, as_json: bool, url: str | None) -> None:
    """Show where a job stands."""
    with connected(url) as client:
        job = client.jobs.get(job_id)
    if as_json:
        echo_json(job)
    else:
        Console().print(_description(job))


def _table(listed: list[Job]) -> Table:
    whole_id = Column("job", no_wrap=True, min_width=JOB_ID_LENGTH)  # people copy it
    table = Table(whole_id, "state", "images", "created (UTC)", box=SIMPLE_HEAD)
    for job in listed:
        table.add_row(job.id, job.state, str(job.counters.total), _minute(job.created_at))
    return table


def _description(job: Job) -> Table:
    table = Table(box=None, show_header=False)
    for name, value in {
        "job": job.id,
        "kind": job.kind,
        "state": job.state,
        "error": job.error,
        "priority": job.priority,
        "metadata": ", ".join(f"{key}={value}" for key, value in job.metadata.items()) or None,
        "model version": job.model_version,
        "images/s": None if job.rate is None else f"{job.rate:.1f}",
        "seconds to go": None if job.eta_s is None else f"{job.eta_s:.0f}",
        "faults of the manifest": str(job.faults) if job.faults else None,
        "fails above": None if job.max_failure_ratio is None else f"{job.max_failure_ratio:.1%}",
        "rescan": "yes" if job.rescan else None,
        "faces": job.faces if job.faces != FaceMode.AUTO else None,
        "created (UTC)": _minute(job.created_at),
        "expires (UTC)": _minute(job.expires_at),
        "ended (UTC)": _minute(job.ended_at),
        **{name.replace("_", " "): str(value) for name, value in vars(job.counters).items()},
    }.items():
        if value is not None:
            table.add_row(name, plain(value))
    return table


def _minute(time: datetime | None) -> str | None:
    return time and f"{time:%Y-%m-%d %H:%M}"
