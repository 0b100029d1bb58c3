"""The way of a deletion through the whole stack: the API rings, and a worker purges."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import Client
from tests.support.fleet import wait_for, write_images
from tests.support.stack import Installation, installation


@pytest.fixture
def running() -> Iterator[Installation]:
    """An installation whose `fakesweep up` runs."""
    with installation() as installed, installed.up():
        yield installed


def stored(installed: Installation) -> set[str]:
    """Return the jobs and resumable uploads of which storage has files."""
    uploads = installed.folder / "var" / "storage" / "uploads"
    return {
        Path(folder).relative_to(uploads).parts[0]
        for folder, _, files in os.walk(uploads)  # which passes over what goes meanwhile
        if files
    }


def test_the_bytes_of_a_deleted_job_are_gone_soon(
    running: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, the pieces of a large archive and what was unpacked of it; other jobs keep theirs.

    Beat would ring minutes later only, so it is the deletion itself that does.
    """
    monkeypatch.setattr("client.submission.RESUMABLE_FROM_BYTES", 0)
    images = write_images(tmp_path / "images", 3)
    archive = Path(shutil.make_archive(str(tmp_path / "faces"), "zip", images))
    began: list[str] = []
    with Client(running.url) as client:
        kept = client.jobs.submit_files(sorted(images.iterdir()))
        gone = client.jobs.submit_files(sorted(images.iterdir()))
        unpacked = client.jobs.submit_archive(archive, on_upload=began.append)
        for job in (kept, gone, unpacked):
            ended = client.jobs.wait(job.id)
            assert (ended.state, ended.counters.scored) == ("completed", 3), ended.error
        assert stored(running) == {kept.id, gone.id, unpacked.id, *began}
        for job in (gone, unpacked):
            client.jobs.delete(job.id)
        wait_for(lambda: stored(running) == {kept.id})
