"""What the commands on webhooks have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from core.terms import JobEvent

webhook_argument = click.argument("webhook_id", metavar="WEBHOOK")


def events_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--event`, whose help ends with what happens without it."""
    return click.option(
        "--event",
        "events",
        type=click.Choice([event.value for event in JobEvent]),
        multiple=True,
        help=f"What to hear of; may be given several times. {default}",
    )


def shown_time(at: datetime | None) -> str:
    """Return the moment as people read it; empty for none."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
