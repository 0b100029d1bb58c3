"""`fakesweep worker`: run a worker."""

import sys

import click

from core.settings import load_settings
from workers.app import run_worker


@click.command()
def worker() -> None:
    """Take shards from the broker and scan them, until SIGTERM; then finish those in hand."""
    sys.exit(run_worker(load_settings()))
