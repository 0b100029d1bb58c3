"""`fakesweep models`: the model versions that the database knows, and their aliases."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.stack.preparation import sync_models
from core.settings import load_settings
from core.terms import Alias
from db import model_versions
from db.session import Database


@click.group()
def models() -> None:
    """List, register and promote model versions."""


@models.command("list")
def list_models() -> None:
    """List the model versions, newest first."""
    database = Database(load_settings().database_url)
    table = Table("alias", "model version", "test AUC", "registered")
    with database.read() as session:
        held = model_versions.aliases(session)
        for version in model_versions.everyone(session):
            shown = ", ".join(held.get(version.id, []))
            registered = f"{version.registered_at:%Y-%m-%d %H:%M} UTC"
            table.add_row(shown, version.name, _test_auc(version.card), registered)
    if table.row_count:
        Console().print(table)
    else:
        click.echo("No model version is registered; `fakesweep models sync` looks for new ones.")


@models.command()
def sync() -> None:
    """Register the model versions that are new in the registry."""
    settings = load_settings()
    added = sync_models(settings)
    found = f"{len(added)} new: {', '.join(added)}" if added else "nothing new"
    click.echo(f"Looked through {settings.registry_dir}: {found}.")


@models.command()
@click.argument("model_version")
@click.option(
    "--alias",
    type=click.Choice([alias.value for alias in Alias]),
    default=Alias.CHAMPION.value,
    show_default=True,
    help="The role that it takes.",
)
def promote(model_version: str, alias: str) -> None:
    """Let new jobs use MODEL_VERSION; jobs that have begun keep theirs."""
    with Database(load_settings().database_url).write() as session:
        model_versions.set_alias(session, Alias(alias), model_version)
    click.echo(f"{model_version} is now the {alias}.")


def _test_auc(card: Mapping[str, Any]) -> str:
    auc = card.get("metrics", {}).get("test", {}).get("auc")
    return f"{auc:.4f}" if isinstance(auc, float | int) else ""
