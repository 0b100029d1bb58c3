"""`fakesweep keys`: the API keys, made, limited and revoked in the database itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from cli.database import opened_database
from cli.text import plain
from core.json_lines import echo_json, json_option
from core.settings import load_settings
from core.terms import Scope
from db import api_keys, quotas
from db.models import ApiKey

MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class Use:
    """What a key has used up of what it may."""

    open_jobs: int
    items_today: int


class Limit(click.IntRange):
    """A number from 1 on; 0 stands for `none`."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Return the number."""
        return 0 if value == "none" else super().convert(value, param, ctx)


@click.group()
def keys() -> None:
    """Make, list, limit and revoke API keys."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[Scope.SCAN.value],
    show_default=True,
    help="scan: scan, and see its own jobs; admin: everything. May be given twice.",
)
@click.option("--max-open-jobs", type=click.IntRange(1), help="Most jobs that may be open at once.")
@click.option("--max-items-a-day", type=click.IntRange(1), help="Most items its jobs list a day.")
@json_option
def create(
    name: str,
    scopes: Sequence[str],
    max_open_jobs: int | None,
    max_items_a_day: int | None,
    as_json: bool,
) -> None:
    """Make a key named NAME and write it to standard output, this once.

    With --json, the key and what is known of it.
    """
    if not name.isprintable() or not 0 < len(name.strip()) <= MAX_NAME_LENGTH:
        raise click.BadParameter(f"Choose a printable name of 1 to {MAX_NAME_LENGTH} characters.")
    with opened_database(load_settings()) as database, database.write() as session:
        key = api_keys.create(
            session,
            name=name,
            scopes=[Scope(scope) for scope in scopes],
            max_open_jobs=max_open_jobs,
            max_items_a_day=max_items_a_day,
        )
        known = _known(session, api_keys.get(session, name))
    if as_json:
        echo_json({"key": key} | known)
    else:
        click.echo(key)
    click.echo(
        f"This is the key {name}. Keep it now: it is stored as a digest only, and cannot be shown "
        "again. Programs send it as `Authorization: Bearer ...`, `fakesweep scan --url` and "
        "`fakesweep jobs` take it from FAKESWEEP_API_KEY, and the web pages ask for it.",
        err=True,
    )


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys with what they may do and have used; times are in UTC."""
    table = Table("name", "key", "scopes", "open jobs", "items today", "last used", "state")
    table.box = SIMPLE_HEAD
    with opened_database(load_settings()) as database, database.read() as session:
        open_jobs, used = quotas.open_jobs(session), quotas.used_today(session)
        for key in api_keys.everyone(session):
            now = Use(open_jobs=open_jobs.get(key.id, 0), items_today=used.get(key.id, 0))
            if as_json:
                echo_json(_described(key, now))
            else:
                table.add_row(*_row(key, now))
    if table.row_count:
        Console().print(table)
    elif not as_json:
        click.echo("There are no API keys; `fakesweep keys create NAME` makes one.")


@keys.command()
@click.argument("name")
@click.option("--max-open-jobs", type=Limit(), metavar="N|none", help="Jobs open at once.")
@click.option("--max-items-a-day", type=Limit(), metavar="N|none", help="Items listed a day.")
@json_option
def limit(name: str, max_open_jobs: int | None, max_items_a_day: int | None, as_json: bool) -> None:
    """Change what the key NAME may use, at once: `none` lifts a limit, what is left out stays."""
    if max_open_jobs is None and max_items_a_day is None:
        raise click.UsageError("Name a limit to change: --max-open-jobs or --max-items-a-day.")
    with opened_database(load_settings()) as database, database.write() as session:
        key = api_keys.limit(
            session, name, max_open_jobs=max_open_jobs, max_items_a_day=max_items_a_day
        )
        known = _known(session, key)
    if as_json:
        echo_json(known)
        return
    click.echo(
        f"The key {name} may have {_most(key.max_open_jobs)} open jobs at once, and its jobs may "
        f"list {_most(key.max_items_a_day)} items a day."
    )


@keys.command()
@click.argument("name")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Close the API to the key NAME, at once and for good; its jobs stay."""
    with opened_database(load_settings()) as database, database.write() as session:
        known = _known(session, api_keys.revoke(session, name))
    if as_json:
        echo_json(known)
    else:
        click.echo(f"The key {name} no longer opens the API.")


def _known(session: Session, key: ApiKey) -> dict[str, Any]:
    """Return what is known of one key, as scripts read it."""
    open_jobs, used = quotas.open_jobs(session), quotas.used_today(session)
    return _described(key, Use(open_jobs.get(key.id, 0), used.get(key.id, 0)))


def _described(key: ApiKey, now: Use) -> dict[str, Any]:
    """Return what is known of a key, as scripts read it."""
    names = "name shown scopes max_open_jobs max_items_a_day created_at last_used_at revoked_at"
    return {name: getattr(key, name) for name in names.split()} | asdict(now)


def _row(key: ApiKey, now: Use) -> list[str | Text]:
    return [
        plain(key.name),
        f"{key.shown}…",
        ", ".join(key.scopes),
        _of(now.open_jobs, key.max_open_jobs),
        _of(now.items_today, key.max_items_a_day),
        _minute(key.last_used_at) or "never",
        f"revoked {_minute(key.revoked_at)}" if key.revoked_at else "active",
    ]


def _of(used: int, limit: int | None) -> str:
    return f"{used:,}" if limit is None else f"{used:,} of {limit:,}"


def _most(limit: int | None) -> str:
    return "any number of" if limit is None else f"at most {limit:,}"


def _minute(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else ""
