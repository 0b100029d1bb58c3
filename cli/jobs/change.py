"""`fakesweep jobs cancel`, `retry` and `delete`."""

import click

from cli.connection import connected
from cli.jobs.options import job_argument, one_of
from cli.server import server_option
from client import Job
from core.json_lines import echo_json, json_option
from core.terms import ItemCode


@click.command()
@job_argument
@json_option
@server_option
def cancel(job_id: str, as_json: bool, url: str | None) -> None:
    """Cancel a job; what is scored by then stays."""
    with connected(url) as client:
        job = client.jobs.cancel(job_id)
    _tell(job, f"{job.counters.ended} images have a verdict.", as_json)


@click.command()
@job_argument
@click.option(
    "--code",
    "codes",
    type=one_of(ItemCode),
    multiple=True,
    help="Only images that failed with this code; may be given several times.",
)
@json_option
@server_option
def retry(job_id: str, codes: tuple[str, ...], as_json: bool, url: str | None) -> None:
    """Scan the failed images of a job again."""
    with connected(url) as client:
        job = client.jobs.retry(job_id, code=codes)
    which = f"its images that failed with {' or '.join(codes)}" if codes else "its failed images"
    _tell(job, f"{which} are scanned again.", as_json)


@click.command()
@job_argument
@click.confirmation_option(prompt="Delete the job with its verdicts and its uploads?")
@json_option
@server_option
def delete(job_id: str, as_json: bool, url: str | None) -> None:
    """Delete a job that has ended, with its verdicts and its uploads."""
    with connected(url) as client:
        client.jobs.delete(job_id)
    if as_json:
        echo_json({"id": job_id, "deleted": True})
    else:
        click.echo(f"Job {job_id} is deleted.")


def _tell(job: Job, what_follows: str, as_json: bool) -> None:
    if as_json:
        echo_json(job)
    else:
        click.echo(f"Job {job.id} is {job.state}; {what_follows}")
