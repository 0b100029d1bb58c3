"""Where a scan runs: on a server that was named, on the stack that runs here, or on its own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from cli.connection import UNAUTHORIZED, connected, wait_until_ready
from cli.images import Images
from cli.ports import usable_port
from cli.stack.lock import Holder, find_holder
from cli.stack.stack import run_stack
from client import ApiError, Client, Job, JobOptions, Sent
from core.errors import ConfigurationError, FakesweepError
from core.settings import Settings, load_settings

Say = Callable[[str], None]
Submit = Callable[[Images, JobOptions, Sent], Job]

# Half a minute, in which an API that ended is started again.
PATIENT_ATTEMPTS = 12
OWN_HOST = "127.0.0.1"  # what nobody but this command is to use


@dataclass(frozen=True)
class ScanServer:
    """A server to scan on: how the images get there, and whether it still runs."""

    client: Client
    submit: Submit
    require_running: Callable[[], None] = lambda: None


@contextmanager
def named_server(url: str) -> Iterator[ScanServer]:
    """Scan on the server at the address; the images are uploaded."""
    with connected(url) as client:
        yield ScanServer(client=client, submit=partial(_upload, client))


@contextmanager
def local_server(images: Images, *, workers: int, say: Say) -> Iterator[ScanServer]:
    """Scan on this machine: on the stack of the data folder if it runs, else on one of our own.

    A stack of our own keeps its files in the same data folder, so verdicts of earlier scans are
    reused, and `fakesweep up` shows the job afterwards. Another `fakesweep scan` is not joined:
    its stack ends with it.
    """
    settings = load_settings()
    holder = find_holder(settings.data_dir / "run")
    if holder is not None and holder.command == "up":
        with _joined(holder, say) as server:
            yield server
    else:
        with _own(settings, images, workers, say) as server:
            yield server


@contextmanager
def _joined(holder: Holder, say: Say) -> Iterator[ScanServer]:
    say(f"Using the stack that runs here: {holder}.")
    wait_until_ready(holder.url, look_at="its terminal")
    with connected(holder.url, attempts=PATIENT_ATTEMPTS) as client:
        yield ScanServer(client=client, submit=partial(_submit_to, client, holder))


@contextmanager
def _own(settings: Settings, images: Images, workers: int, say: Say) -> Iterator[ScanServer]:
    port = usable_port(OWN_HOST, settings.api_port)
    roots = [*settings.allowed_roots, *([images.root] if _can_be_named(images) else [])]
    adapted = load_settings(api_host=OWN_HOST, api_port=port, allowed_roots=roots)
    with run_stack(
        adapted, command="scan", workers=workers, say=say, echo=lambda _name, _line: None
    ) as stack:
        say(f"Starting fakesweep on this machine; its logs are in {stack.logs_dir}.")
        stack.wait_until_ready()
        try:
            with connected(stack.url, attempts=PATIENT_ATTEMPTS) as client:
                yield ScanServer(
                    client=client,
                    submit=partial(_submit, client),
                    require_running=stack.require_running,
                )
        except FakesweepError:
            stack.require_running()  # if it failed, its own reason says more
            raise


def _submit(client: Client, images: Images, options: JobOptions, sent: Sent) -> Job:
    if _can_be_named(images):
        return client.jobs.submit_folder(images.root, options=options)
    return _upload(client, images, options, sent)


def _can_be_named(images: Images) -> bool:
    """Return whether it is a folder whose path fits into the settings and into JSON."""
    path = str(images.root)
    return images.is_folder and os.pathsep not in path and path.isprintable()


def _submit_to(
    client: Client, holder: Holder, images: Images, options: JobOptions, sent: Sent
) -> Job:
    try:
        return _submit(client, images, options, sent)
    except ApiError as error:
        if error.status == UNAUTHORIZED:
            raise
        raise ConfigurationError(
            f"The stack that runs here did not take {images.root}: {error} "
            f"To send it the images instead, add --url {holder.url}"
        ) from error


def _upload(client: Client, images: Images, options: JobOptions, sent: Sent) -> Job:
    return client.jobs.submit_files(
        images.paths(), root=images.root, options=options, on_progress=sent
    )
