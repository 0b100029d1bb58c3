"""`fakesweep models`: the model versions that the database knows, and their aliases."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.database import opened_database
from cli.stack.preparation import sync_models
from core.json_lines import echo_json, json_option
from core.settings import load_settings
from core.terms import Alias
from db import model_versions
from db.models import ModelVersion


@click.group()
def models() -> None:
    """List, register and promote model versions."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the model versions, newest first."""
    table = Table("alias", "model version", "test AUC", "registered")
    with opened_database(load_settings()) as database, database.read() as session:
        held = model_versions.aliases(session)
        for version in model_versions.everyone(session):
            aliases = held.get(version.id, [])
            if as_json:
                echo_json(_described(version, aliases))
                continue
            registered = f"{version.registered_at:%Y-%m-%d %H:%M} UTC"
            table.add_row(", ".join(aliases), version.name, _test_auc(version.card), registered)
    if table.row_count:
        Console().print(table)
    elif not as_json:
        click.echo("No model version is registered; `fakesweep models sync` looks for new ones.")


@models.command()
@json_option
def sync(as_json: bool) -> None:
    """Register the model versions that are new in the registry."""
    settings = load_settings()
    added = sync_models(settings)
    if as_json:
        echo_json({"registry": settings.registry_dir, "added": added})
        return
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
@json_option
def promote(model_version: str, alias: str, as_json: bool) -> None:
    """Let new jobs use MODEL_VERSION; jobs that have begun keep theirs."""
    with opened_database(load_settings()) as database, database.write() as session:
        version = model_versions.set_alias(session, Alias(alias), model_version)
        described = _described(version, model_versions.aliases(session).get(version.id, []))
    if as_json:
        echo_json(described)
    else:
        click.echo(f"{model_version} is now the {alias}.")


def _described(version: ModelVersion, aliases: Sequence[Alias]) -> dict[str, Any]:
    return {
        "id": version.name,
        "aliases": list(aliases),
        "registered_at": version.registered_at,
        "fingerprint": version.fingerprint,
        "card": version.card,
    }


def _test_auc(card: Mapping[str, Any]) -> str:
    auc = card.get("metrics", {}).get("test", {}).get("auc")
    return f"{auc:.4f}" if isinstance(auc, float | int) else ""
