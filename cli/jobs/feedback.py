"""`fakesweep jobs feedback`: what people say of a job's verdicts, to train with later."""

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cli.connection import connected
from cli.jobs.options import job_argument
from cli.server import server_option
from cli.text import plain
from core.json_lines import echo_json, json_option


@click.command()
@job_argument
@json_option
@server_option
def feedback(job_id: str, as_json: bool, url: str | None) -> None:
    """Show what people say that the images of a job are."""
    table = Table("image", "verdict", "truth", "note", box=SIMPLE_HEAD)
    table.columns[0].overflow = "fold"
    with connected(url) as client:
        for said in client.jobs.feedback(job_id):
            if as_json:
                echo_json(said)
            else:
                table.add_row(plain(said.name), said.label, said.truth, plain(said.note or ""))
    if table.row_count:
        Console().print(table)
    elif not as_json:
        click.echo("Nobody has said yet whether a verdict of the job is right.")
