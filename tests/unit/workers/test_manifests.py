"""Manifests at URLs: fetched on threads of their own, and no server can keep others waiting."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import update

from core.access import Access
from core.outbound import Outbound
from core.terms import JobKind, JobState
from db import endings, jobs
from db.models import Job
from db.session import Database
from tests.support.fleet import wait_for
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion, add_job, get_job, shards_of
from tests.support.web import LOOPBACK, Web, reply, web_server
from tests.support.workers import planner, write_faces
from workers import manifests
from workers.lanes import Lane
from workers.manifests import ManifestFetcher, fetcher_beside
from workers.planner import Planner
from workers.turns import Turns

LINE = b'{"uri": "https://example.com/a.jpg"}\n'


class Rig:
    """A planner and the fetcher beside it, and a web server whose answers tests can hold back."""

    def __init__(self, database: Database, folder: Path, web: Web) -> None:
        self.database = database
        self.folder = folder
        self.web = web
        self.let_go = Event()
        access = Access(folder.as_uri(), outbound=Outbound(LOOPBACK))
        self.planner: Planner = replace(planner(database, RecordingQueue(), folder), access=access)
        self.fetcher: ManifestFetcher = replace(
            fetcher_beside(self.planner), turns=Turns(manifests.LATER_TRIES, look_s=0)
        )
        self.fetched: list[int] = []

    def add(self, path: str) -> int:
        """Insert a job over the manifest at the path; return its id."""
        with self.database.write() as session:
            source = {
                "type": "manifest",
                "uri": self.web.url(path),
                "name": "list",
                "format": "jsonl",
            }
            version = add_champion(self.database)
            public_id = jobs.new_public_id()
            return jobs.create(
                session,
                public_id=public_id,
                kind=JobKind.BULK,
                source=source,
                model_version_id=version,
            ).id

    def fetch(self) -> None:
        """Fetch what waits for it."""
        self.fetcher.fetch_waiting(on_fetched=lambda: self.fetched.append(1))

    def hold(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer only when the test lets go."""
        self.let_go.wait(60)
        reply(handler, LINE)


@pytest.fixture
def rig(database: Database, tmp_path: Path) -> Iterator[Rig]:
    """A planner, a fetcher and a web server."""
    with web_server() as web:
        rig = Rig(database, tmp_path / "storage", web)
        yield rig
        rig.let_go.set()


def test_a_manifest_is_fetched_before_its_job_is_planned(rig: Rig) -> None:
    """The planner leaves it alone until then, and asks no server itself."""
    rig.web.serve("/list", LINE * 6)
    job_id = rig.add("/list")
    rig.planner.plan_waiting()
    assert (get_job(rig.database, job_id).state, rig.web.requests) == (JobState.QUEUED, [])
    rig.fetch()
    job = get_job(rig.database, job_id)
    assert (rig.fetched, job.to_fetch, job.plan_attempts) == ([1], False, 0)
    rig.planner.plan_waiting()
    assert [shard.size for shard in shards_of(rig.database, job_id)] == [4, 2]
    assert rig.web.requests == ["GET /list"]


def test_a_manifest_that_cannot_be_had_fails_its_job(rig: Rig) -> None:
    """With a sentence; one that may be had later is put off."""
    missing, busy = rig.add("/missing"), rig.add("/busy")
    rig.web.serve("/busy", b"", status=503)
    rig.fetch()
    failed, waiting = get_job(rig.database, missing), get_job(rig.database, busy)
    assert failed.state is JobState.FAILED
    assert "status 404" in (failed.error or "")
    assert (waiting.to_fetch, waiting.plan_postponements) == (True, 1)


def test_servers_that_do_not_answer_keep_nobody_waiting(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than threads: other jobs are planned, and other manifests get their try."""
    monkeypatch.setattr(manifests, "FIRST_TRY_S", 3.0)  # enough for a server that does answer
    rig.web.on("/held", rig.hold)
    rig.web.serve("/list", LINE)
    held = [rig.add("/held") for _ in range(manifests.THREADS + 4)]
    plan = Lane("plan", rig.planner.plan_waiting, threads=2)
    fetch = Lane("fetch", lambda: rig.fetcher.fetch_waiting(plan.ring), threads=manifests.THREADS)
    try:
        for _ in held:
            fetch.ring()
        folder = write_faces(tmp_path / "faces", [b"r"])
        version = add_champion(rig.database)
        small = [
            add_job(rig.database, model_version_id=version, path=str(folder)),
            rig.add("/list"),
        ]
        for lane in (plan, fetch):
            lane.ring()
        wait_for(lambda: all(get_job(rig.database, job_id).listed_at for job_id in small))
        assert all(get_job(rig.database, job_id).to_fetch for job_id in held)
    finally:
        rig.fetcher.stopping.set()
        rig.let_go.set()
        fetch.close()
        plan.close()


def test_each_try_has_more_time_until_the_job_fails(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that only pretends to answer is given up in the end."""
    monkeypatch.setattr(manifests, "FIRST_TRY_S", 0.1)
    monkeypatch.setattr(manifests, "LONGEST_FETCH_S", 0.2)
    rig.web.on("/held", rig.hold)
    job_id = rig.add("/held")
    rig.fetch()
    assert get_job(rig.database, job_id).plan_postponements == 1
    with rig.database.write() as session:
        session.execute(update(Job).values(plan_not_before=None))
    rig.fetch()
    job = get_job(rig.database, job_id)
    assert job.state is JobState.FAILED
    assert (job.error or "").startswith("The manifest did not arrive within 0.2 seconds")


def test_a_job_that_is_cancelled_is_fetched_no_further(rig: Rig) -> None:
    """What has arrived is not kept, and nobody holds the job any more."""
    job_id = rig.add("/list")

    def cancel_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(LINE)
        with rig.database.write() as session:
            endings.cancel(session, session.get_one(Job, job_id))
        handler.wfile.write(LINE)
        handler.close_connection = True

    rig.web.on("/list", cancel_in_the_middle)
    rig.fetch()
    job = get_job(rig.database, job_id)
    assert (job.state, job.plan_lease_expires_at) == (JobState.CANCELLED, None)
    assert not rig.planner.storage.has(f"uploads/{job.public_id}/items/manifest")
