"""A group of commands that imports a command's module only when that command is run.

`fakesweep --help` and `fakesweep scan` would otherwise wait for torch, Celery and the rest.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem


class LazyCommand(NamedTuple):
    """Where a command lives, as `module:attribute`, and its line in the list of commands."""

    target: str
    help: str


class LazyGroup(click.Group):
    """A click group of such commands; its help page is written without importing any."""

    def __init__(self, *, lazy: Mapping[str, LazyCommand], **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which they were given."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command."""
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name].target.partition(":")
        return getattr(import_module(module), attribute)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the commands' names, without importing any, and the group's own options."""
        named = [
            CompletionItem(name, help=entry.help)
            for name, entry in self._lazy.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self._lazy.items()])
