"""The command: every check in turn, one line each, and an exit code for scripts."""

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout

import click
from rich.console import Console

from cli.doctor.finding import Check, Finding, Status, fault, ok
from cli.doctor.machine import look_at_data_dir, look_at_disk, look_at_packages
from cli.doctor.models import look_at_device, look_at_model
from cli.doctor.services import (
    look_at_api,
    look_at_broker,
    look_at_database,
    look_at_storage,
    look_at_workers,
)
from cli.text import plain
from core.errors import ConfigurationError
from core.json_lines import echo_json, json_option
from core.settings import Settings, load_settings
from workers.loading import loader

EXIT_CODES = {Status.OK: 0, Status.WARNING: 1, Status.FAULT: 2}
COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAULT: "red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do about it.

    Exit code 0: nothing is; 1: there are warnings; 2: something does not work. The model is loaded
    as a worker does it, which takes some seconds.
    """
    worst = Status.OK
    notes = Console(stderr=True)
    for check in _checks():
        with notes.status(f"looking at: {check.name}"), redirect_stdout(sys.stderr):  # logs
            found = check.run()
        worst = max(worst, found.status, key=EXIT_CODES.__getitem__)
        if as_json:
            echo_json(found)
        else:
            _echo(found)
    sys.exit(EXIT_CODES[worst])


def _checks() -> Iterator[Check]:
    """Yield the checks; without valid settings, what needs them is left out."""
    yield Check("packages", look_at_packages)
    try:
        settings = load_settings()
    except ConfigurationError as error:
        sentence = str(error)
        yield Check("settings", lambda: fault(sentence))
        return
    yield Check("settings", lambda: ok("The settings are valid."))
    yield from _checks_of(settings)


def _checks_of(settings: Settings) -> Iterator[Check]:
    yield Check("data folder", lambda: look_at_data_dir(settings))
    yield Check("disk space", lambda: look_at_disk(settings))
    yield Check("database", lambda: look_at_database(settings))
    yield Check("broker", lambda: look_at_broker(settings))
    yield Check("storage", lambda: look_at_storage(settings))
    yield Check("model", lambda: look_at_model(settings))
    yield Check("device", lambda: look_at_device(settings, loader))
    yield Check("workers", lambda: look_at_workers(settings))
    yield Check("api", lambda: look_at_api(settings))


def _echo(found: Finding) -> None:
    mark = click.style(f"{found.status:<8}", fg=COLOURS[found.status])
    click.echo(f"{mark} {found.check:<12} {plain(found.message)}")
