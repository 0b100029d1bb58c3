"""`fakesweep jobs submit`: make a job of what is here, or elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import click

from cli.connection import connected
from cli.jobs import sources
from cli.jobs.options import faces_option, metadata_option, one_of
from cli.jobs.sources import Order, Submit
from cli.jobs.watch import follow
from cli.server import server_option
from cli.working import uploading
from client import JobOptions
from core.json_lines import echo_json, json_option
from core.terms import Priority

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LIST = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--files",
    metavar="FILE",
    type=LIST,
    help="Upload the files of this list, CSV or JSONL: file, custom_id, sha256; - for stdin.",
)
@click.option("--archive", type=FILE, help="Upload this zip or tar file of images.")
@click.option("--manifest", metavar="FILE|URI", help="A list of URIs, JSONL or CSV.")
@click.option("--prefix", metavar="URI", help="The images of a bucket: s3://bucket/prefix.")
@click.option("--urls", type=click.File(), help="A file of https URLs, one a line; - for stdin.")
@click.option("--folder", metavar="PATH", help="A folder on the server, not on this machine.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    help="Of --manifest or --files, where the name does not tell.",
)
@click.option("--resume", metavar="UPLOAD", help="Go on with the upload of a large file.")
@click.option("--priority", type=one_of(Priority), help="Which jobs go first.")
@metadata_option("What to find the job by; may be given several times.")
@click.option("--expires-in", metavar="SECONDS", type=float, help="Give it up after so long.")
@click.option(
    "--max-failure-ratio", type=click.FloatRange(0, 1), help="Fail it when more images fail."
)
@click.option("--rescan", is_flag=True, help="Score also images that were scored before.")
@faces_option
@click.option("--strict", is_flag=True, help="Scan nothing if the manifest has a faulty line.")
@click.option(
    "--idempotency-key", metavar="KEY", help="Given again with the same, it makes no second job."
)
@click.option("--wait", is_flag=True, help="Follow the job to its end.")
@json_option
@server_option
def submit(
    paths: Sequence[Path],
    files: Path | None,
    archive: Path | None,
    manifest: str | None,
    prefix: str | None,
    urls: IO[str] | None,
    folder: str | None,
    form: str | None,
    resume: str | None,
    priority: str | None,
    metadata: Mapping[str, str],
    expires_in: float | None,
    max_failure_ratio: float | None,
    rescan: bool,
    faces: str,
    strict: bool,
    idempotency_key: str | None,
    wait: bool,
    as_json: bool,
    url: str | None,
) -> None:
    """Scan the images at PATHS (files, or one folder), which are uploaded, or those of an option.

    The job's id goes to standard output; with --json, the job, and with --wait the job as it ended.
    """
    if form and not (manifest or files):
        raise click.UsageError("--format is that of a list; name one by --manifest or --files.")
    if resume and not (archive or (manifest and not sources.is_uri(manifest))):
        raise click.UsageError("--resume needs the file too; name it by --archive or --manifest.")
    chosen = _only(
        sources.of_paths(paths) if paths else None,
        sources.of_file_list(files, form) if files else None,
        sources.of_archive(archive, resume) if archive else None,
        sources.of_manifest(manifest, form, resume) if manifest else None,
        sources.of_prefix(prefix) if prefix else None,
        sources.of_urls(urls) if urls else None,
        sources.of_folder(folder) if folder else None,
    )
    options = JobOptions(
        priority=priority or Priority.NORMAL,
        metadata=metadata,
        expires_in_s=expires_in,
        max_failure_ratio=max_failure_ratio,
        rescan=rescan,
        faces=faces,
        strict=strict,
    )
    with connected(url) as client:
        order = Order(options=options, idempotency_key=idempotency_key)
        with uploading("submitting") as sent:
            job = chosen(client, order, sent)
        if as_json:
            echo_json(job)
        else:
            click.echo(job.id)
        if wait:
            follow(client, job.id, as_json=as_json)
        else:
            click.echo(f"`fakesweep jobs watch {job.id}` follows it to its end.", err=True)


def _only(*given: Submit | None) -> Submit:
    chosen = [submit for submit in given if submit is not None]
    if len(chosen) != 1:
        raise click.UsageError(
            "Name one source: images or a folder, or one of --files, --archive, --manifest, "
            "--prefix, --urls and --folder."
        )
    return chosen[0]
