"""`fakesweep webhooks`: who is told when jobs end, through a server's API."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from cli.connection import connected
from cli.server import server_option
from cli.text import plain
from client import Delivery, Webhook
from core.terms import JobEvent

ID_LENGTH = len("wh_") + 32

events_option = click.option(
    "--event",
    "events",
    type=click.Choice([event.value for event in JobEvent]),
    multiple=True,
    help="What to hear of; may be given several times. By default everything.",
)
webhook_argument = click.argument("webhook_id", metavar="WEBHOOK")


@click.group()
def webhooks() -> None:
    """Let a server tell you when jobs end."""


@webhooks.command()
@click.argument("endpoint", metavar="ENDPOINT")
@events_option
@server_option
def add(endpoint: str, events: Sequence[str], url: str | None) -> None:
    """Send events to ENDPOINT, an https URL; write the secret to standard output, this once."""
    with connected(url) as client:
        made = client.webhooks.add(endpoint, events=events or None)
    click.echo(made.secret)
    click.echo(
        f"This is the secret of the webhook {made.id}; it verifies the signatures. Keep it now: "
        "it cannot be shown again.",
        err=True,
    )


@webhooks.command("list")
@server_option
def list_webhooks(url: str | None) -> None:
    """List the webhooks, newest first."""
    whole_id = Column("webhook", no_wrap=True, min_width=ID_LENGTH)  # people copy it
    state = Column("state", no_wrap=True)
    table = Table(whole_id, state, Column("endpoint", overflow="fold"), box=SIMPLE_HEAD)
    with connected(url) as client:
        for one in client.webhooks.list():
            table.add_row(one.id, _state(one), plain(one.url))
    if table.row_count:
        Console().print(table)
    else:
        click.echo("There are no webhooks; `fakesweep webhooks add` makes one.")


@webhooks.command()
@webhook_argument
@server_option
def show(webhook_id: str, url: str | None) -> None:
    """Show a webhook, without its secret."""
    with connected(url) as client:
        found = client.webhooks.get(webhook_id)
    table = Table(box=None, show_header=False)
    for name, value in {
        "webhook": found.id,
        "endpoint": found.url,
        "state": _state(found),
        "events": ", ".join(found.events),
        "created": _shown(found.created_at),
        "disabled": _shown(found.disabled_at),
        "old secret until": _shown(found.old_secret_expires_at),
    }.items():
        if value:
            table.add_row(name, plain(value))
    Console().print(table)


@webhooks.command()
@webhook_argument
@server_option
def rotate(webhook_id: str, url: str | None) -> None:
    """Make a new secret and write it to standard output, this once."""
    with connected(url) as client:
        rotated = client.webhooks.rotate(webhook_id)
    click.echo(rotated.secret)
    click.echo(
        f"This is the new secret of {rotated.id}. Until {_shown(rotated.old_secret_expires_at)} "
        "the old one signs as well.",
        err=True,
    )


@webhooks.command()
@webhook_argument
@server_option
def enable(webhook_id: str, url: str | None) -> None:
    """Send events to a disabled webhook again."""
    with connected(url) as client:
        client.webhooks.change(webhook_id, enabled=True)
    click.echo(f"The webhook {webhook_id} is enabled.")


@webhooks.command()
@webhook_argument
@server_option
def disable(webhook_id: str, url: str | None) -> None:
    """Send nothing more to a webhook; what is on its way fails."""
    with connected(url) as client:
        client.webhooks.change(webhook_id, enabled=False)
    click.echo(f"The webhook {webhook_id} is disabled.")


@webhooks.command()
@webhook_argument
@server_option
def test(webhook_id: str, url: str | None) -> None:
    """Send a `ping` event."""
    with connected(url) as client:
        ping = client.webhooks.test(webhook_id)
    click.echo(
        f"The ping {ping.id} is on its way; `fakesweep webhooks deliveries` says how it went."
    )


@webhooks.command()
@webhook_argument
@click.option("--limit", default=20, show_default=True, help="Show at most so many.")
@server_option
def deliveries(webhook_id: str, limit: int, url: str | None) -> None:
    """List what was sent and what is to be, newest first."""
    with connected(url) as client:
        found = list(islice(client.webhooks.deliveries(webhook_id), limit))
    for one in found:
        click.echo(f"{one.id}  {one.event}  {one.state}, attempts: {one.attempts}")
        if how := _how(one):
            click.echo(f"    {plain(how)}")
    if not found:
        click.echo("Nothing was sent yet.")


@webhooks.command()
@webhook_argument
@click.argument("delivery_id", metavar="DELIVERY")
@server_option
def redeliver(webhook_id: str, delivery_id: str, url: str | None) -> None:
    """Send a delivery again, whatever became of it."""
    with connected(url) as client:
        client.webhooks.redeliver(webhook_id, delivery_id)
    click.echo(f"The delivery {delivery_id} is on its way again.")


@webhooks.command()
@webhook_argument
@server_option
def remove(webhook_id: str, url: str | None) -> None:
    """Remove a webhook and its log."""
    with connected(url) as client:
        client.webhooks.remove(webhook_id)
    click.echo(f"The webhook {webhook_id} is removed.")


def _state(webhook: Webhook) -> str:
    return "enabled" if webhook.enabled else "disabled"


def _how(delivery: Delivery) -> str:
    """Return how the last attempt went, and when the next one follows."""
    went = delivery.last_error or _shown(delivery.delivered_at)
    if delivery.attempts and delivery.due_at is not None:
        return f"{went} Again at {_shown(delivery.due_at)}.".lstrip()
    return went


def _shown(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
