"""`fakesweep db`: look after the database."""

import click

from cli.working import working
from core.settings import load_settings
from db.migrations import upgrade as upgrade_tables


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Create the tables, or bring them to this release."""
    settings = load_settings()
    with working("bringing the tables to this release"):
        upgrade_tables(settings.database_url)
    click.echo("The database is up to date.")
