"""`fakesweep worker`: run a worker."""

import sys

import click

from core.settings import load_settings
from workers.app import run_worker
from workers.loading import loader
from workers.tuning import best_batch


@click.command()
def worker() -> None:
    """Take shards from the broker and scan them, until SIGTERM; then hand back what is left."""
    settings = load_settings()
    sys.exit(run_worker(settings, loader(settings), tune=best_batch))
