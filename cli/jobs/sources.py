"""The sources of `fakesweep jobs submit`: what each of its options asks the client for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TypedDict

import click

from cli.images import find_images
from cli.jobs.file_list import read_file_list
from client import Client, Job, JobOptions, Sent


class Order(TypedDict):
    """What is asked for beside the source."""

    options: JobOptions
    idempotency_key: str | None


Submit = Callable[[Client, Order, Sent], Job]


def of_paths(paths: Sequence[Path]) -> Submit:
    """Upload the files, or the images of one folder."""
    if len(paths) == 1:
        images = find_images(paths[0])
        return lambda client, order, sent: client.jobs.submit_files(
            images.paths(), root=images.root, on_progress=sent, **order
        )
    for path in paths:
        if path.is_dir():
            raise click.UsageError(f"{path} is a folder; name one folder alone, or files.")
    return lambda client, order, sent: client.jobs.submit_files(paths, on_progress=sent, **order)


def of_file_list(path: Path, form: str | None) -> Submit:
    """Upload the files that the list names, with what it says of them."""
    listed = read_file_list(path, form=form)
    return lambda client, order, sent: client.jobs.submit_files(
        listed.items, root=listed.root, on_progress=sent, **order
    )


def of_archive(path: Path, upload_id: str | None) -> Submit:
    """Upload the archive, or what is missing of it."""
    return lambda client, order, sent: client.jobs.submit_archive(
        path, upload_id=upload_id, on_upload=_say_how_to_resume, on_progress=sent, **order
    )


def of_manifest(manifest: str, form: str | None, upload_id: str | None) -> Submit:
    """Upload the manifest, or what is missing of it; or name its URI."""
    source = manifest if is_uri(manifest) else Path(manifest)
    return lambda client, order, sent: client.jobs.submit_manifest(
        source,
        format=form,
        upload_id=upload_id,
        on_upload=_say_how_to_resume,
        on_progress=sent,
        **order,
    )


def of_prefix(uri: str) -> Submit:
    """Name the prefix."""
    return lambda client, order, _sent: client.jobs.submit_prefix(uri, **order)


def of_urls(lines: IO[str]) -> Submit:
    """Name the URLs, one a line."""
    urls = [line.strip() for line in lines if line.strip()]
    return lambda client, order, _sent: client.jobs.submit_urls(urls, **order)


def of_folder(path: str) -> Submit:
    """Name the folder, which lies on the server."""
    return lambda client, order, _sent: client.jobs.submit_folder(path, **order)


def is_uri(manifest: str) -> bool:
    """Return whether the server is to read the manifest, and not this machine."""
    return "://" in manifest


def _say_how_to_resume(upload_id: str) -> None:
    click.echo(
        f"The file goes up in pieces. If that is cut off, give the same command with "
        f"--resume {upload_id}, and it goes on.",
        err=True,
    )
