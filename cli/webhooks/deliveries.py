"""`fakesweep webhooks test`, `deliveries` and `redeliver`: what is sent, and what was."""

from itertools import islice

import click

from cli.connection import connected
from cli.server import server_option
from cli.text import plain
from cli.webhooks.options import shown_time, webhook_argument
from client import Delivery
from core.json_lines import echo_json, json_option


@click.command()
@webhook_argument
@json_option
@server_option
def test(webhook_id: str, as_json: bool, url: str | None) -> None:
    """Send a `ping` event."""
    with connected(url) as client:
        ping = client.webhooks.test(webhook_id)
    if as_json:
        echo_json(ping)
        return
    click.echo(
        f"The ping {ping.id} is on its way; `fakesweep webhooks deliveries` says how it went."
    )


@click.command()
@webhook_argument
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Show at most so many."
)
@json_option
@server_option
def deliveries(webhook_id: str, limit: int, as_json: bool, url: str | None) -> None:
    """List what was sent and what is to be, newest first."""
    with connected(url) as client:
        found = list(islice(client.webhooks.deliveries(webhook_id), limit))
    for one in found:
        if as_json:
            echo_json(one)
            continue
        click.echo(f"{one.id}  {one.event}  {one.state}, attempts: {one.attempts}")
        if how := _how(one):
            click.echo(f"    {plain(how)}")
    if not found and not as_json:
        click.echo("Nothing was sent yet.")


@click.command()
@webhook_argument
@click.argument("delivery_id", metavar="DELIVERY")
@json_option
@server_option
def redeliver(webhook_id: str, delivery_id: str, as_json: bool, url: str | None) -> None:
    """Send a delivery again, whatever became of it."""
    with connected(url) as client:
        again = client.webhooks.redeliver(webhook_id, delivery_id)
    if as_json:
        echo_json(again)
    else:
        click.echo(f"The delivery {delivery_id} is on its way again.")


def _how(delivery: Delivery) -> str:
    """Return how the last attempt went, and when the next one follows."""
    went = delivery.last_error or shown_time(delivery.delivered_at)
    if delivery.attempts and delivery.due_at is not None:
        return f"{went} Again at {shown_time(delivery.due_at)}.".lstrip()
    return went
