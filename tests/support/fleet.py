"""Real worker and beat processes around a broker and a database, and jobs for them to do."""

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.registry import Registry
from core.sources import SourceItem
from core.taskqueue import CeleryTaskQueue, Message, create_celery, plan_job, scan_next
from core.terms import JobKind
from db import dispatching, jobs, model_versions, planning
from db.models import Job
from db.session import Database
from tests.support.gated_worker import GATE
from tests.support.rows import get_job
from tests.support.stack import PATIENCE_S, Installation, command

ROOT = Path(__file__).parents[2]
READY = " ready."
GATED_WORKER = [sys.executable, "-P", "-m", "tests.support.gated_worker"]


@dataclass(frozen=True)
class Fleet:
    """Worker processes that come and go, on one installation."""

    installation: Installation
    database: Database
    broker_url: str
    processes: ExitStack

    @property
    def gate(self) -> Path:
        """The file that opens the gate of gated workers."""
        return self.installation.folder / "gate"

    @property
    def forwarded(self) -> Path:
        """The file that says that a gated worker's device has begun."""
        return self.gate.with_name("forwarded")

    @property
    def prepared(self) -> list[tuple[int, bytes]]:
        """Which images gated workers have begun, each time: the process, and the content."""
        notes = self.gate.with_name("prepared")
        lines = notes.read_bytes().splitlines() if notes.exists() else []
        return [(int(pid), content) for pid, content in (line.split(b" ") for line in lines)]

    def start_worker(self, name: str, *, gated: bool = False) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it takes tasks; see `tests.support.gated_worker`."""
        log = self.installation.folder / f"{name}.log"
        process = self._start(GATED_WORKER if gated else command("worker"), log)
        wait_for(lambda: READY in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()[-3000:]
        return process

    def start_beat(self) -> None:
        """Start the clock of the recovery sweeps."""
        self._start(command("beat"), self.installation.folder / "beat.log")

    def submit(self, folder: Path) -> int:
        """Insert a job over the folder and ring for its planning; return its id."""
        with self.database.write() as session:
            job_id = jobs.create(
                session,
                public_id=jobs.new_public_id(),
                kind=JobKind.BULK,
                source={"type": "folder", "path": str(folder)},
                model_version_id=model_versions.champion(session).id,
            ).id
        self.send(plan_job())
        return job_id

    def submit_single(self, image: Path) -> int:
        """Insert a planned job of one image, as the API does, and ring for it; return its id."""
        item = SourceItem(uri=image.as_uri(), name=image.name)
        with self.database.write() as session:
            job_id = jobs.create(
                session,
                public_id=jobs.new_public_id(),
                kind=JobKind.SINGLE,
                source={"type": "files", "uri": "unused"},
                model_version_id=model_versions.champion(session).id,
            ).id
            claim = planning.claim(session, job_id, lease_s=60)
            assert claim is not None
            planning.write_shards(session, claim, first_position=0, shards=[[item]], lease_s=60)
            planning.finish(session, claim)
            dispatching.dispatch(session, job_id, window=1)
        self.send(scan_next(interactive=True))
        return job_id

    def send(self, message: Message) -> None:
        """Send a message."""
        CeleryTaskQueue(create_celery(self.broker_url)).send(message)

    def wait(self, job_id: int, until: Callable[[Job], bool]) -> Job:
        """Wait until the job's row is as wanted; return it."""
        wait_for(lambda: until(get_job(self.database, job_id)))
        return get_job(self.database, job_id)

    def _start(self, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
        stream = self.processes.enter_context(log.open("wb"))
        process = subprocess.Popen(
            arguments,
            env=self.installation.environment | {GATE: str(self.gate), "PYTHONPATH": str(ROOT)},
            cwd=self.installation.folder,
            stdout=stream,
            stderr=stream,
        )
        self.processes.callback(_end, process)
        return process


@contextmanager
def fleet(installation: Installation, database: Database, broker_url: str) -> Iterator[Fleet]:
    """Register the installation's model version; end every process afterwards."""
    registry = Registry(Path(installation.environment["FAKESWEEP_REGISTRY_DIR"]))
    with database.write() as session:
        model_versions.sync(session, registry.list())
    with ExitStack() as processes:
        yield Fleet(installation, database, broker_url, processes)


def write_images(folder: Path, count: int) -> Path:
    """Write small JPEG files, each with bytes of its own."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for i in range(count):
        buffer = io.BytesIO()
        noise = random.integers(0, 256, (48, 48, 3), np.uint8)
        Image.fromarray(noise).save(buffer, "JPEG")
        (folder / f"{i:04d}.jpg").write_bytes(buffer.getvalue())
    return folder


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; fail after a generous while."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "What the test waits for did not happen."
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)
