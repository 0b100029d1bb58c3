"""fakesweep end to end: API, beat and worker as processes, Valkey, and a durable PostgreSQL."""

import json
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from bench.place import ImageSet, Place
from bench.programs import running, wait_until
from bench.workloads import STAND_IN
from client import Client, Job
from core.registry import Registry
from core.settings import SHIPPED_MODELS
from db import model_versions
from db.migrations import upgrade
from db.session import Database
from tests.support.services import free_port, postgres_server, short_folder, valkey_server

FOLLOW_S = 0.5  # what the client does by itself; the end is as the database dates it
IMPATIENT_S = 0.02
OPTIONS = {"faces": "off"}
READY = b"ready."  # what Celery logs once it takes tasks


class Fakesweep:
    """Submits manifests and single images over HTTP; a push ends with the last verdict's commit."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stack = ExitStack()
        self._workers = ExitStack()

    def start(self) -> None:
        """Start an installation with one worker; it takes tasks when this returns."""
        self._folder = self._stack.enter_context(short_folder())
        broker = self._stack.enter_context(valkey_server())
        database = self._stack.enter_context(postgres_server(durable=True))
        settings = {
            "broker_url": broker.url,
            "database_url": database.url,
            "data_dir": str(self._folder / "var"),
            "registry_dir": str(SHIPPED_MODELS),
            "allowed_roots": str(self._place.folder),
            "api_port": str(free_port()),
            "batch_size": str(self._place.batch) if self._is_stand_in else "",
            "torch_threads": str(self._place.threads),
            "decode_threads": str(self._place.threads),
        }
        engines = self._folder / "var" / "engines"
        engines.parent.mkdir()
        engines.symlink_to(self._place.folder / "engines")
        named = {f"FAKESWEEP_{name.upper()}": value for name, value in settings.items()}
        self._environment = self._place.environment() | named
        _prepare(database.url)
        self._spawn("beat", self._stack, "-m", "cli.main", "beat")
        api = self._spawn("api", self._stack, "-m", "cli.main", "api")
        self._url = f"http://127.0.0.1:{settings['api_port']}"
        self._client = self._stack.enter_context(Client(self._url))
        self._http = self._stack.enter_context(httpx.Client(base_url=self._url, trust_env=False))
        wait_until(self._client.is_ready, api, self._log("api"))
        self._stack.callback(self._workers.close)
        self.run_workers(1)

    def push(self, images: ImageSet) -> float:
        """Submit a manifest of the images; return the seconds until its job was completed."""
        manifest = self._place.folder / f"{time.monotonic_ns()}.jsonl"
        with manifest.open("w") as stream:
            for path in images:
                stream.write(json.dumps({"uri": Path(path).as_uri()}) + "\n")
        start = time.time()
        body = {"source": {"type": "manifest", "uri": manifest.as_uri()}, "options": OPTIONS}
        made = _accepted(self._http.post("/v1/jobs", json=body))
        job = self._ended(made["id"])
        if job.counters.scored != images.count:
            raise RuntimeError(f"{job.counters} for {images.count} images.")
        return _completed_s(job) - start

    def scan(self, image: str) -> None:
        """Upload a single image and wait for its verdict, in the request if the server lets us."""
        scan = self._post_scan(image, wait_s=30)
        scored = scan["job"]["counters"]["scored"]
        if scan["verdict"] is None:
            scored = self._ended(scan["job"]["id"], poll_s=IMPATIENT_S).counters.scored
        if not scored:
            raise RuntimeError(f"The scan of {image} gave {scan}.")

    def run_workers(self, count: int) -> None:
        """Run so many workers instead of those that run; each takes tasks when this returns."""
        self._workers.close()
        program = ["bench.stand_in_worker"] if self._is_stand_in else ["cli.main", "worker"]
        for number in range(count):
            name = f"worker-{number}-{time.monotonic_ns()}"
            worker = self._spawn(name, self._workers, "-m", *program)
            log = self._log(name)
            wait_until(lambda path=log: READY in path.read_bytes(), worker, log)

    def cold_start(self, image: str) -> float:
        """Return the seconds from a worker's start to the commit of the verdict it then gives."""
        self._workers.close()
        job_id = self._post_scan(image, wait_s=0)["job"]["id"]
        start = time.time()
        self.run_workers(1)
        return _completed_s(self._ended(job_id)) - start

    def stop(self) -> None:
        """End every process."""
        self._stack.close()

    @property
    def _is_stand_in(self) -> bool:
        return self._place.workload == STAND_IN.name

    def _spawn(self, name: str, stack: ExitStack, *arguments: str) -> subprocess.Popen[bytes]:
        return stack.enter_context(running(self._log(name), arguments, self._environment))

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _post_scan(self, image: str, *, wait_s: int) -> dict[str, Any]:
        """Upload an image; wait so long for its verdict."""
        content = image.encode() if self._is_stand_in else Path(image).read_bytes()
        answer = self._http.post(
            "/v1/scans",
            files={"image": (Path(image).name, content)},
            data={"options": json.dumps(OPTIONS)},
            headers={"Prefer": f"wait={wait_s}"} if wait_s else {},
            timeout=60,
        )
        return _accepted(answer)

    def _ended(self, job_id: str, *, poll_s: float = FOLLOW_S) -> Job:
        """Follow a job to its end; it must be complete."""
        job = self._client.jobs.wait(job_id, poll_s=poll_s)
        if job.state != "completed":
            raise RuntimeError(f"The job is {job.state}: {job.error}")
        return job


def _accepted(answer: httpx.Response) -> dict[str, Any]:
    """Return what the server answers; it must not refuse."""
    if answer.is_error:
        raise RuntimeError(f"The server answers {answer.status_code}: {answer.text}")
    return answer.json()


def _prepare(url: str) -> None:
    """Create the tables and register the shipped model version."""
    upgrade(url)
    database = Database(url)
    with database.write() as session:
        model_versions.sync(session, Registry(SHIPPED_MODELS).list())
    database.close()


def _completed_s(job: Job) -> float:
    """Return when the job was completed, as the database's clock on this machine has it."""
    assert job.completed_at is not None, "The job is complete."
    return job.completed_at.timestamp()
