"""A trial: a whole system with 3 workers and one job to do, for a test to break meanwhile."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from client import Client
from core.taskqueue import CeleryTaskQueue, Message, create_celery, plan_job
from core.terms import JobKind
from db import jobs, model_versions
from db.models import Job
from db.session import Database
from tests.support.chaos.check import (
    MAX_RERUNS,
    count_reruns,
    require_one_verdict_each,
    require_shards_done,
)
from tests.support.chaos.faults import Faults
from tests.support.chaos.history import History
from tests.support.chaos.items import Items
from tests.support.chaos.servers import Breakable, Broker
from tests.support.chaos.supervisor import Supervisor
from tests.support.rows import get_job

PATIENCE_S = 150
POLL_S = 0.05
STILL_S = 1.0
FIRST_PART, LAST_PART = 0.1, 0.8  # of a job, in which something breaks
MODEL_VERSION = "chaos-1"


@dataclass
class Trial:
    """What a test works with; every random choice comes from `random`."""

    folder: Path
    database: Database
    postgres: Breakable
    broker: Broker
    items: Items
    faults: Faults
    random: Random
    environment: dict[str, str]
    history: History
    supervisor: Supervisor
    workers: list[str] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.environment['FAKESWEEP_API_PORT']}"

    def start_workers(self, count: int = 3) -> None:
        """Start the workers and beat; wait until all take tasks."""
        for number in range(1, count + 1):
            self.workers.append(f"worker-{number}")
            self._keep(self.workers[-1], "worker")
        self._keep("beat", "beat")
        self.wait_for(lambda: len(self.history.of("ready")) >= count, "the workers take tasks")

    def start_api(self) -> None:
        """Start the API and wait until it answers."""
        self._keep("api", "api")
        with Client(self.url) as client:
            self.wait_for(client.is_ready, "the API is ready")

    def submit(self) -> int:
        """Insert a job over all items, ring for its planning, and return its id."""
        return self._submit({"type": "folder", "path": str(self.items.folder)})

    def _submit(self, source: dict[str, str]) -> int:
        with self.database.write() as session:
            job_id = jobs.create(
                session,
                public_id=jobs.new_public_id(),
                kind=JobKind.BULK,
                source=source,
                model_version_id=model_versions.champion(session).id,
            ).id
        self.ring()
        return job_id

    def ring(self) -> None:
        """Ask the workers to plan."""
        self.send(plan_job())

    def send(self, message: Message) -> None:
        """Send a message, as often as messages come in this trial."""
        for _ in range(2 if self.faults.send_twice else 1):
            CeleryTaskQueue(create_celery(self.broker.url)).send(message)

    def signal(self, name: str, number: int) -> int:
        """Send a signal to a program's process; return its id."""
        self.history.note("fault", f"{name} gets signal {number}")
        return self.supervisor.signal(name, number)

    def moments(self, count: int, *, last: float = LAST_PART) -> list[float]:
        """Draw when something breaks: parts of the job, in order and with room between them."""
        width = (last - FIRST_PART) / count
        return [FIRST_PART + width * (i + self.random.uniform(0, 0.7)) for i in range(count)]

    def pause(self, longest_s: float) -> None:
        """Let a while pass, which the seed draws."""
        self.happens(lambda: False, within_s=self.random.uniform(0, longest_s))

    def job_id(self, public_id: str) -> int:
        """Return the id that the database knows the job by."""
        with self.database.read() as session:
            return jobs.get(session, public_id).id

    def job(self, job_id: int) -> Job:
        """Return the job's row."""
        return get_job(self.database, job_id)

    def wait_for_part(self, job_id: int, part: float) -> None:
        """Wait until that part of the items has a verdict."""
        self.history.note("awaited", f"{part:.3f} of the job")
        wanted = part * len(self.items.kinds)
        self.wait_for(lambda: self.job(job_id).ended >= wanted, f"{part:.0%} of the job")

    def wait_until_still(self, job_id: int) -> int:
        """Wait until no more verdicts come; return how many there are."""
        while self._goes_on(job_id, ended := self.job(job_id).ended):
            pass
        return ended

    def wait_until_resumed(self, job_id: int, ended: int, *, since: float) -> None:
        """Wait until there are more verdicts than `ended`; measure the time from then on."""
        self.wait_for(lambda: self.job(job_id).ended > ended, "verdicts come again")
        resumed_s = time.monotonic() - since
        self.measured["resumed_s"] = max(resumed_s, self.measured.get("resumed_s", 0.0))

    def wait_for(self, condition: Callable[[], bool], what: str) -> float:
        """Wait until the condition holds; return how long that took, in seconds."""
        started_at = time.monotonic()
        if not self.happens(condition, within_s=PATIENCE_S):
            raise AssertionError(f"{PATIENCE_S} s passed, but not so that: {what}.")
        return time.monotonic() - started_at

    @staticmethod
    def happens(condition: Callable[[], bool], *, within_s: float) -> bool:
        """Return whether the condition comes to hold within a time."""
        deadline = time.monotonic() + within_s
        while not (held := condition()) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return held

    def submit_archive(self, file: Path) -> int:
        """Insert a job over an archive of the items, as `submit` does."""
        source = {"type": "archive", "uri": file.as_uri(), "name": file.name}
        return self._submit(source)

    def finish(self, job_id: int, *, max_reruns: float = MAX_RERUNS) -> None:
        """Wait for the job's end, then hold it and its history against what must be."""
        self.wait_for(lambda: self.job(job_id).state.is_final, "the job ends")
        job = self.job(job_id)
        version = job.model_version.name
        require_one_verdict_each(self.database, job_id, self.items, version)
        require_shards_done(self.database, job_id)
        reruns = count_reruns(self.history, self.items, version)
        ended_at = job.completed_at or job.created_at
        self.measured |= {
            "job_s": (ended_at - job.created_at).total_seconds(),
            "reruns_percent": 100 * reruns.ratio,
            "deaths": len(self.history.of("ended")),
        }
        assert reruns.ratio <= max_reruns, f"{reruns.ratio:.2%} of the items were scored again."

    def _goes_on(self, job_id: int, ended: int) -> bool:
        return self.happens(lambda: self.job(job_id).ended > ended, within_s=STILL_S)

    def _keep(self, name: str, program: str) -> None:
        self.supervisor.keep(
            name, program=program, folder=self.folder, environment=self.environment
        )
