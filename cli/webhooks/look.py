"""`fakesweep webhooks list` and `show`."""

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from cli.connection import connected
from cli.server import server_option
from cli.text import plain
from cli.webhooks.options import shown_time, webhook_argument
from client import Webhook
from core.json_lines import echo_json, json_option

ID_LENGTH = len("wh_") + 32


@click.command("list")
@json_option
@server_option
def list_webhooks(as_json: bool, url: str | None) -> None:
    """List the webhooks, newest first."""
    whole_id = Column("webhook", no_wrap=True, min_width=ID_LENGTH)  # people copy it
    state = Column("state", no_wrap=True)
    table = Table(whole_id, state, Column("endpoint", overflow="fold"), box=SIMPLE_HEAD)
    with connected(url) as client:
        for one in client.webhooks.list():
            if as_json:
                echo_json(one)
            else:
                table.add_row(one.id, _state(one), plain(one.url))
    if table.row_count:
        Console().print(table)
    elif not as_json:
        click.echo("There are no webhooks; `fakesweep webhooks add` makes one.")


@click.command()
@webhook_argument
@json_option
@server_option
def show(webhook_id: str, as_json: bool, url: str | None) -> None:
    """Show a webhook, without its secret."""
    with connected(url) as client:
        found = client.webhooks.get(webhook_id)
    if as_json:
        echo_json(found)
        return
    table = Table(box=None, show_header=False)
    for name, value in {
        "webhook": found.id,
        "endpoint": found.url,
        "state": _state(found),
        "events": ", ".join(found.events),
        "created": shown_time(found.created_at),
        "disabled": shown_time(found.disabled_at),
        "old secret until": shown_time(found.old_secret_expires_at),
    }.items():
        if value:
            table.add_row(name, plain(value))
    Console().print(table)


def _state(webhook: Webhook) -> str:
    return "enabled" if webhook.enabled else "disabled"
