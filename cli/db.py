"""`fakesweep db`: look after the database."""

import click

from cli.working import working
from core.json_lines import echo_json, json_option
from core.settings import load_settings
from db.migrations import newest_revision
from db.migrations import upgrade as upgrade_tables


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Create the tables, or bring them to this release."""
    settings = load_settings()
    with working("bringing the tables to this release"):
        upgrade_tables(settings.database_url)
    if as_json:
        echo_json({"revision": newest_revision()})
    else:
        click.echo("The database is up to date.")
