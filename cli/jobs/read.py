"""`fakesweep jobs verdicts`, `export` and `faults`: what a job found."""

from itertools import islice
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cli.connection import connected
from cli.files import require_writable
from cli.jobs.options import job_argument, one_of
from cli.report import ending, faces_of
from cli.server import server_option
from cli.text import plain
from cli.working import working
from core.json_lines import echo_json, json_option
from core.terms import ExportFormat, ItemCode, Label, Outcome

SCORE = click.FloatRange(0, 1)

label_option = click.option(
    "--label",
    type=one_of(Label),
    help="Only verdicts with this label.",
)
outcome_option = click.option(
    "--outcome",
    type=one_of(Outcome),
    help="Only verdicts with this outcome.",
)


@click.command()
@job_argument
@label_option
@outcome_option
@click.option("--code", type=one_of(ItemCode), help="Only verdicts with this code.")
@click.option("--min-score", type=SCORE, help="Only verdicts with this score or a higher one.")
@click.option("--max-score", type=SCORE, help="Only verdicts with this score or a lower one.")
@click.option(
    "--limit", type=click.IntRange(1), default=40, show_default=True, help="Show at most so many."
)
@json_option
@server_option
def verdicts(
    job_id: str,
    label: str | None,
    outcome: str | None,
    code: str | None,
    min_score: float | None,
    max_score: float | None,
    limit: int,
    as_json: bool,
    url: str | None,
) -> None:
    """Show the first verdicts of a job; `fakesweep jobs export` writes all."""
    table = Table("image", "label", "score", "faces", box=SIMPLE_HEAD)
    table.columns[0].overflow = "fold"
    with connected(url) as client:
        found = client.jobs.verdicts(
            job_id,
            label=label,
            outcome=outcome,
            code=code,
            min_score=min_score,
            max_score=max_score,
        )
        for verdict in islice(found, limit):
            if as_json:
                echo_json(verdict)
            else:
                table.add_row(plain(verdict.name), *ending(verdict), faces_of(verdict))
    if table.row_count:
        Console().print(table)
    elif not as_json:
        click.echo("There are no such verdicts.")


@click.command()
@job_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "chosen",
    type=one_of(ExportFormat),
    help="By default as FILE's name ends, or else csv.",
)
@label_option
@outcome_option
@json_option
@server_option
def export(
    job_id: str,
    file: Path,
    chosen: str | None,
    label: str | None,
    outcome: str | None,
    as_json: bool,
    url: str | None,
) -> None:
    """Write a job's verdicts to FILE, as CSV, JSONL or Parquet."""
    require_writable(file)
    kind = chosen or _format_of(file)
    with connected(url) as client, working("exporting"):
        client.jobs.export(job_id, file, format=kind, label=label, outcome=outcome)
    size = file.stat().st_size
    if as_json:
        echo_json({"job": job_id, "file": str(file), "format": kind, "bytes": size})
    else:
        click.echo(f"The verdicts are in {file}, {size:,} bytes of {kind}.")


@click.command()
@job_argument
@json_option
@server_option
def faults(job_id: str, as_json: bool, url: str | None) -> None:
    """Show the lines of a job's manifest that name no image."""
    table = Table("line", "code", "what is wrong", box=SIMPLE_HEAD)
    with connected(url) as client:
        for fault in client.jobs.faults(job_id):
            if as_json:
                echo_json(fault)
            else:
                table.add_row(str(fault.line), fault.code, plain(fault.message))
    if table.row_count:
        Console().print(table)
    elif not as_json:
        click.echo("Every line of the job's list names an image.")


def _format_of(file: Path) -> str:
    ending = file.suffix.lower().removeprefix(".")
    return ending if ending in list(ExportFormat) else ExportFormat.CSV
