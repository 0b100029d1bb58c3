"""Storage that cannot be read for a while, and a disk that is full for a while."""

import tarfile
import time
from pathlib import Path

from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.disk import small_disk
from tests.support.chaos.faults import Fault

ROOM_BYTES = 20 * 1024**2  # about half of what the unpacked items take; the seed takes some off


def test_files_that_cannot_be_read_for_a_while_are_read_later(begin: Begin) -> None:
    """Input and output errors end no item: the shards wait until the storage is well again."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1))
    trial.faults.turn_on(Fault.STORAGE_FAILS)
    ended = trial.wait_until_still(job_id)
    trial.pause(3)
    trial.faults.turn_off(Fault.STORAGE_FAILS)
    trial.wait_until_resumed(job_id, ended, since=time.monotonic())
    trial.finish(job_id)


def test_a_full_disk_holds_a_job_up_until_it_has_room(begin: Begin, tmp_path: Path) -> None:
    """An archive that cannot be unpacked to its end is unpacked further when there is room."""
    trial = begin(storage_url=(tmp_path / "disk").as_uri())
    with small_disk(tmp_path / "disk", trial.faults) as disk:
        disk.fill(but_bytes=trial.random.randint(ROOM_BYTES // 4, ROOM_BYTES))
        trial.start_workers()
        job_id = trial.submit_archive(_archive(trial.items.folder))
        trial.wait_for(lambda: trial.job(job_id).plan_postponements >= 2, "the disk is full")
        disk.empty()
        trial.finish(job_id)


def _archive(folder: Path) -> Path:
    file = folder.with_suffix(".tar")
    with tarfile.open(file, "w") as archive:
        for item in sorted(folder.rglob("*.jpg")):
            archive.add(item, item.relative_to(folder))
    return file
