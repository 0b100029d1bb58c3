"""`fakesweep jobs submit`: make a job of what is here, or elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import click

from cli.connection import connected
from cli.images import find_images
from cli.jobs.options import metadata_option, one_of
from cli.jobs.watch import follow
from cli.server import server_option
from client import Client, Job, JobOptions
from core.terms import Priority

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Submit = Callable[[Client, JobOptions], Job]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--archive", type=FILE, help="Upload this zip or tar file of images.")
@click.option("--manifest", metavar="FILE|URI", help="A list of images, JSONL or CSV.")
@click.option("--prefix", metavar="URI", help="The images of a bucket: s3://bucket/prefix.")
@click.option("--urls", type=click.File(), help="A file of https URLs, one a line; - for stdin.")
@click.option("--folder", metavar="PATH", help="A folder on the server, not on this machine.")
@click.option("--priority", type=one_of(Priority), help="Which jobs go first.")
@metadata_option("What to find the job by; may be given several times.")
@click.option("--expires-in", metavar="SECONDS", type=float, help="Give it up after so long.")
@click.option(
    "--max-failure-ratio", type=click.FloatRange(0, 1), help="Fail it when more images fail."
)
@click.option("--rescan", is_flag=True, help="Score also images that were scored before.")
@click.option("--strict", is_flag=True, help="Scan nothing if the manifest has a faulty line.")
@click.option("--wait", is_flag=True, help="Follow the job to its end.")
@server_option
def submit(
    paths: Sequence[Path],
    archive: Path | None,
    manifest: str | None,
    prefix: str | None,
    urls: IO[str] | None,
    folder: str | None,
    priority: str | None,
    metadata: Mapping[str, str],
    expires_in: float | None,
    max_failure_ratio: float | None,
    rescan: bool,
    strict: bool,
    wait: bool,
    url: str | None,
) -> None:
    """Scan the images at PATHS (files, or one folder), which are uploaded, or those of an option.

    The job's id goes to standard output.
    """
    options = JobOptions(
        priority=priority or Priority.NORMAL,
        metadata=metadata,
        expires_in_s=expires_in,
        max_failure_ratio=max_failure_ratio,
        rescan=rescan,
        strict=strict,
    )
    chosen = _only(
        _upload(paths) if paths else None,
        _archive(archive) if archive else None,
        _manifest(manifest) if manifest else None,
        _prefix(prefix) if prefix else None,
        _urls(urls) if urls else None,
        _folder(folder) if folder else None,
    )
    with connected(url) as client:
        job = chosen(client, options)
        click.echo(job.id)
        if wait:
            follow(client, job.id)
        else:
            click.echo(f"`fakesweep jobs watch {job.id}` follows it to its end.", err=True)


def _only(*given: Submit | None) -> Submit:
    chosen = [submit for submit in given if submit is not None]
    if len(chosen) != 1:
        raise click.UsageError(
            "Name one source: images or a folder, or one of --archive, --manifest, --prefix, "
            "--urls and --folder."
        )
    return chosen[0]


def _upload(paths: Sequence[Path]) -> Submit:
    if len(paths) == 1:
        images = find_images(paths[0])
        return lambda client, options: client.jobs.submit_files(
            images.paths(), root=images.root, options=options
        )
    for path in paths:
        if path.is_dir():
            raise click.UsageError(f"{path} is a folder; name one folder alone, or files.")
    return lambda client, options: client.jobs.submit_files(paths, options=options)


def _archive(path: Path) -> Submit:
    return lambda client, options: client.jobs.submit_archive(path, options=options)


def _manifest(manifest: str) -> Submit:
    source = manifest if "://" in manifest else Path(manifest)
    return lambda client, options: client.jobs.submit_manifest(source, options=options)


def _prefix(uri: str) -> Submit:
    return lambda client, options: client.jobs.submit_prefix(uri, options=options)


def _urls(lines: IO[str]) -> Submit:
    urls = [line.strip() for line in lines if line.strip()]
    return lambda client, options: client.jobs.submit_urls(urls, options=options)


def _folder(path: str) -> Submit:
    return lambda client, options: client.jobs.submit_folder(path, options=options)
