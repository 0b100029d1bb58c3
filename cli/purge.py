"""`fakesweep purge`: delete now what is not kept any more."""

import click

from cli.database import opened_database
from cli.working import working
from core.json_lines import echo_json, json_option
from core.settings import load_settings
from workers.retention import build_retention


@click.command()
@json_option
def purge(as_json: bool) -> None:
    """Delete now what is not kept any more, as the workers do every few minutes.

    That is what deleted jobs hold; uploads, jobs and webhook deliveries that are older than
    FAKESWEEP_KEEP_UPLOADS_DAYS, FAKESWEEP_KEEP_JOBS_DAYS and FAKESWEEP_KEEP_DELIVERIES_DAYS; what
    expired; and stored bytes that belong to nobody, because a process died midway.
    """
    settings = load_settings()
    with opened_database(settings) as database, working("deleting"):
        done = build_retention(settings, database).run()
    if as_json:
        echo_json(done)
        return
    click.echo(
        f"Jobs deleted: {done.jobs:,}. Jobs whose uploads were deleted: {done.uploads:,}. "
        f"Unused uploads deleted: {done.unused_uploads:,}. "
        f"Idempotency keys deleted: {done.idempotency_keys:,}. "
        f"Webhook deliveries deleted: {done.deliveries:,}. "
        f"Leftovers deleted: {done.leftovers:,}."
    )
