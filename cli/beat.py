"""`fakesweep beat`: run the clock of the recovery sweeps."""

import sys

import click

from core.settings import load_settings
from workers.beat import run_beat


@click.command()
def beat() -> None:
    """Ring for a recovery sweep at each interval, until SIGTERM. One is enough for any system."""
    sys.exit(run_beat(load_settings()))
