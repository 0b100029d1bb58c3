"""The group of all commands on webhooks."""

import click

from cli.webhooks.change import add, change, disable, enable, remove, rotate
from cli.webhooks.deliveries import deliveries, redeliver, test
from cli.webhooks.look import list_webhooks, show

webhooks = click.Group(
    "webhooks",
    help="Let a server tell you when jobs end.",
    commands=[
        add,
        list_webhooks,
        show,
        change,
        rotate,
        enable,
        disable,
        test,
        deliveries,
        redeliver,
        remove,
    ],
)
