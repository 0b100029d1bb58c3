"""`fakesweep jobs cancel`, `retry` and `delete`."""

import click

from cli.connection import connected
from cli.jobs.options import job_argument
from cli.server import server_option


@click.command()
@job_argument
@server_option
def cancel(job_id: str, url: str | None) -> None:
    """Cancel a job; shards in hand still end."""
    with connected(url) as client:
        job = client.jobs.cancel(job_id)
    click.echo(f"Job {job.id} is {job.state}; {job.counters.ended} images have a verdict.")


@click.command()
@job_argument
@server_option
def retry(job_id: str, url: str | None) -> None:
    """Scan the failed images of a job again."""
    with connected(url) as client:
        job = client.jobs.retry(job_id)
    click.echo(f"Job {job.id} is {job.state}; its failed images are scanned again.")


@click.command()
@job_argument
@click.confirmation_option(prompt="Delete the job with its verdicts and its uploads?")
@server_option
def delete(job_id: str, url: str | None) -> None:
    """Delete a job that has ended, with its verdicts and its uploads."""
    with connected(url) as client:
        client.jobs.delete(job_id)
    click.echo(f"Job {job_id} is deleted.")
