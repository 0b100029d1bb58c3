"""`fakesweep scan`: one bulk job over a file or a folder, followed to its end and shown."""

import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import click
from rich.console import Console

from cli.connection import INTERRUPTED_EXIT_CODE
from cli.files import require_writable
from cli.images import Images, find_images
from cli.jobs.options import faces_option
from cli.report import read_verdicts
from cli.scan_server import ScanServer, local_server, named_server
from cli.working import working
from client import ClientError, Job, JobOptions
from client.progress import JobProgress
from core.errors import FakesweepError
from core.json_lines import echo_json, json_option

POLL_S = 0.2


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--url", metavar="URL", help="Upload to this server instead of scanning here.")
@click.option(
    "--csv", "csv", type=click.Path(path_type=Path), metavar="FILE", help="Write all verdicts."
)
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Worker processes."
)
@faces_option
@json_option
def scan(
    path: Path, url: str | None, csv: Path | None, workers: int, faces: str, as_json: bool
) -> None:
    """Scan the image or the folder of images at PATH; show a verdict for each.

    Nothing needs to run before: everything starts on this machine and stops at the end.
    With --json, standard output has all verdicts, one a line, and nothing else.
    Exit code 0: the job completed, whatever the verdicts; 1: it failed; 2: it could not start.
    """
    images = find_images(path)
    if csv is not None:
        require_writable(csv)
    notes = Console(stderr=True, highlight=False)

    def say(sentence: str) -> None:
        notes.print(sentence, markup=False, soft_wrap=True)

    chosen = named_server(url) if url else local_server(images, workers=workers, say=say)
    try:
        _scan(chosen, images, JobOptions(faces=faces), csv, notes, as_json=as_json)
    except KeyboardInterrupt:
        say("Interrupted; the job was cancelled.")
        sys.exit(INTERRUPTED_EXIT_CODE)


def _scan(
    chosen: AbstractContextManager[ScanServer],
    images: Images,
    options: JobOptions,
    csv: Path | None,
    notes: Console,
    *,
    as_json: bool,
) -> None:
    with chosen as server:
        job = _follow(server, images, options, notes)
        verdicts = server.client.jobs.verdicts(job)
        if csv is not None:
            with working("writing the verdicts"):
                server.client.jobs.export(job, csv)
        if as_json:
            for verdict in verdicts:
                echo_json(verdict)
        else:
            read_verdicts(verdicts).show(Console(highlight=False), job, csv)
    if job.state != "completed":
        raise FakesweepError(job.error or f"The job ended {job.state}.")


def _follow(server: ScanServer, images: Images, options: JobOptions, notes: Console) -> Job:
    with JobProgress(notes) as progress:
        progress.say("submitting")
        job = server.submit(images, options, progress.show_upload)

        def show(job: Job) -> None:
            server.require_running()
            progress.show(job)

        def show_silence(silence_s: float) -> None:
            server.require_running()
            progress.show_silence(silence_s)

        try:
            return server.client.jobs.wait(
                job.id, on_progress=show, on_silence=show_silence, poll_s=POLL_S
            )
        except KeyboardInterrupt:
            with suppress(ClientError):  # it may have ended just now
                server.client.jobs.cancel(job.id)
            raise
