"""`fakesweep webhooks add`, `change`, `rotate`, `enable`, `disable` and `remove`."""

from collections.abc import Sequence

import click

from cli.connection import connected
from cli.server import server_option
from cli.text import plain
from cli.webhooks.options import events_option, shown_time, webhook_argument
from client import Webhook
from core.json_lines import echo_json, json_option


@click.command()
@click.argument("endpoint", metavar="ENDPOINT")
@events_option("By default everything.")
@json_option
@server_option
def add(endpoint: str, events: Sequence[str], as_json: bool, url: str | None) -> None:
    """Send events to ENDPOINT, an https URL; write the secret to standard output, this once.

    With --json, the webhook with its secret.
    """
    with connected(url) as client:
        made = client.webhooks.add(endpoint, events=events or None)
    if as_json:
        echo_json(made)
    else:
        click.echo(made.secret)
    click.echo(
        f"This is the secret of the webhook {made.id}; it verifies the signatures. Keep it now: "
        "it cannot be shown again.",
        err=True,
    )


@click.command()
@webhook_argument
@click.option("--endpoint", metavar="URL", help="Send events there, an https URL.")
@events_option("Those that are given replace the others.")
@json_option
@server_option
def change(
    webhook_id: str, endpoint: str | None, events: Sequence[str], as_json: bool, url: str | None
) -> None:
    """Change where events are sent, or which; what is left out stays, and so does the secret."""
    if not endpoint and not events:
        raise click.UsageError("Name what to change: --endpoint or --event.")
    with connected(url) as client:
        changed = client.webhooks.change(webhook_id, url=endpoint, events=events or None)
    events_now = ", ".join(changed.events)
    _tell(changed, f"hears of {events_now} at {plain(changed.url)}", as_json)


@click.command()
@webhook_argument
@json_option
@server_option
def rotate(webhook_id: str, as_json: bool, url: str | None) -> None:
    """Make a new secret and write it to standard output, this once.

    With --json, the webhook with its secret.
    """
    with connected(url) as client:
        rotated = client.webhooks.rotate(webhook_id)
    if as_json:
        echo_json(rotated)
    else:
        click.echo(rotated.secret)
    click.echo(
        f"This is the new secret of {rotated.id}. Until "
        f"{shown_time(rotated.old_secret_expires_at)} the old one signs as well.",
        err=True,
    )


@click.command()
@webhook_argument
@json_option
@server_option
def enable(webhook_id: str, as_json: bool, url: str | None) -> None:
    """Send events to a disabled webhook again."""
    with connected(url) as client:
        changed = client.webhooks.change(webhook_id, enabled=True)
    _tell(changed, "is enabled.", as_json)


@click.command()
@webhook_argument
@json_option
@server_option
def disable(webhook_id: str, as_json: bool, url: str | None) -> None:
    """Send nothing more to a webhook; what is on its way fails."""
    with connected(url) as client:
        changed = client.webhooks.change(webhook_id, enabled=False)
    _tell(changed, "is disabled.", as_json)


@click.command()
@webhook_argument
@json_option
@server_option
def remove(webhook_id: str, as_json: bool, url: str | None) -> None:
    """Remove a webhook and its log."""
    with connected(url) as client:
        client.webhooks.remove(webhook_id)
    if as_json:
        echo_json({"id": webhook_id, "deleted": True})
    else:
        click.echo(f"The webhook {webhook_id} is removed.")


def _tell(webhook: Webhook, what_holds: str, as_json: bool) -> None:
    if as_json:
        echo_json(webhook)
    else:
        click.echo(f"The webhook {webhook.id} {what_holds}")
