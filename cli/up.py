"""`fakesweep up`: run everything on this machine until Ctrl-C."""

import time

import click

from cli.stack.stack import run_stack
from core.settings import load_settings

NAME_WIDTH = 9


@click.command()
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Worker processes."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the API and the web pages.")
def up(workers: int, port: int | None) -> None:
    """Run the broker, the API with its web pages, the workers and beat, until Ctrl-C.

    What ends by itself is started again. Each process logs to the terminal and to a file.
    """
    settings = load_settings(api_port=port)
    try:
        with run_stack(
            settings, command="up", workers=workers, say=click.echo, echo=_echo
        ) as stack:
            stack.wait_until_ready()
            click.echo(f"fakesweep is ready: {stack.url}  (logs: {stack.logs_dir}; Ctrl-C stops)")
            while True:
                stack.require_running()
                time.sleep(0.2)
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _echo(name: str, line: str) -> None:
    click.echo(f"{name:<{NAME_WIDTH}}| {line}")
