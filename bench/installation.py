"""A whole installation for a measurement: broker, database, API, workers with a null engine."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from sqlalchemy import text

from cli.stack.orphans import die_with_parent
from client import Client
from core.registry import Registry
from db import model_versions
from db.migrations import upgrade
from db.session import Database
from tests.support.services import postgres_server, valkey_server
from tests.support.stack import Installation, installation

POLL_S = 0.25


@dataclass(frozen=True)
class Bench:
    """A running installation."""

    installation: Installation
    database: Database
    processes: Mapping[str, psutil.Process]
    client: Client

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.installation.url

    def write_items(self, count: int, *, distinct: int | None = None) -> Path:
        """Write a manifest of so many items that no other manifest has; all differ by default."""
        path = self.installation.folder / f"{time.monotonic_ns()}.jsonl"
        with path.open("w") as stream:
            for i in range(count):
                name = f"{i % (distinct or count):09d}.jpg"
                uri = f"{self.installation.folder.as_uri()}/{path.stem}/{name}"
                stream.write(json.dumps({"uri": uri, "custom_id": f"item-{i}"}) + "\n")
        return path

    def submit(self, manifest: Path) -> str:
        """Make a job of the manifest; return its id."""
        body = {"source": {"type": "manifest", "uri": manifest.as_uri()}}
        answer = httpx.post(f"{self.url}/v1/jobs", json=body, trust_env=False)
        return answer.raise_for_status().json()["id"]

    def wait(self, job_id: str) -> None:
        """Wait until the job has ended; it must be complete."""
        job = self.client.jobs.wait(job_id, poll_s=POLL_S)
        if job.state != "completed" or job.counters.scored != job.counters.total:
            raise RuntimeError(f"The job is {job.state}: {job.error} {job.counters}")

    def cpu_s(self) -> dict[str, float]:
        """Return the processor time that each process, with its children, has taken."""
        return {name: _cpu_s(process) for name, process in self.processes.items()}

    def database_bytes(self) -> int:
        """Return how large the database is now."""
        if self.database.engine.dialect.name == "postgresql":
            query = text("SELECT pg_database_size(current_database())")
        else:
            query = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        with self.database.read() as session:
            return session.execute(query).scalar_one()


@contextmanager
def running_bench(database: str, *, workers: int) -> Iterator[Bench]:
    """Start everything; stop it at the end. The database writes through to the disk."""
    with ExitStack() as stack:
        broker = stack.enter_context(valkey_server())
        settings = {"broker_url": broker.url, "allowed_roots": "/tmp", "rate_limit": ""}
        processes = {"broker": broker.pid}
        if database == "postgres":
            server = stack.enter_context(postgres_server(durable=True))
            settings["database_url"] = server.url
            processes["database"] = server.pid
        installed = stack.enter_context(installation(**settings))
        url = settings.get("database_url", f"sqlite:///{installed.folder}/var/fakesweep.db")
        opened = Database(url)
        stack.callback(opened.close)
        _prepare(opened, url, installed)
        programs = {"api": ["-m", "cli.main", "api"], "beat": ["-m", "cli.main", "beat"]}
        programs |= {f"worker-{i}": ["-m", "bench.null_worker"] for i in range(1, workers + 1)}
        for name, arguments in programs.items():
            processes[name] = stack.enter_context(_running(installed, name, arguments))
        found = {name: psutil.Process(pid) for name, pid in processes.items()}
        client = stack.enter_context(Client(installed.url))
        while not client.is_ready():
            time.sleep(POLL_S)
        yield Bench(installed, opened, found, client)


def _prepare(database: Database, url: str, installed: Installation) -> None:
    upgrade(url)
    registry = Registry(Path(installed.environment["FAKESWEEP_REGISTRY_DIR"]))
    with database.write() as session:
        model_versions.sync(session, registry.list())


@contextmanager
def _running(installed: Installation, name: str, arguments: list[str]) -> Iterator[int]:
    with (installed.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=installed.environment,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)


def _cpu_s(process: psutil.Process) -> float:
    times = [process.cpu_times(), *(child.cpu_times() for child in process.children())]
    return sum(time.user + time.system for time in times) + sum(
        (process.cpu_times().children_user, process.cpu_times().children_system)
    )
