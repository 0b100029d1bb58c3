"""Making jobs through a real server, on either database, from many threads at a time."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from core.storage import Storage
from db import job_pages
from db.session import Database
from tests.support.api import ApiRig, png, settings_for
from tests.support.rows import add_champion
from tests.support.serving import served

REQUESTS = 50


@pytest.fixture
def rig(tmp_path: Path, database: Database) -> ApiRig:
    """An application on either database, with a champion."""
    add_champion(database)
    settings = settings_for(tmp_path, api_threads=16, max_upload_bytes=1024 * 1024)
    return ApiRig(settings, database, Storage(settings.storage_url))


@pytest.fixture
def url(rig: ApiRig) -> Iterator[str]:
    """The application's address."""
    with served(rig.app) as url:
        yield url


def test_many_requests_with_one_key_make_one_job(rig: ApiRig, url: str) -> None:
    """However they interleave: one makes it, the others answer with it and keep nothing."""
    start = Barrier(REQUESTS)

    def submit(_: int) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=60) as client:
            start.wait()
            return client.post(
                f"{url}/v1/jobs",
                files={"files": ("a.png", png())},
                headers={"Idempotency-Key": "same"},
            )

    with ThreadPoolExecutor(REQUESTS) as pool:
        answers = list(pool.map(submit, range(REQUESTS)))
    assert Counter(answer.status_code for answer in answers) == {202: REQUESTS}
    [public_id] = {answer.json()["id"] for answer in answers}
    replayed = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers)
    assert replayed == {"true": REQUESTS - 1, None: 1}
    with rig.database.read() as session:
        assert [job.public_id for job in job_pages.page(session, limit=10)] == [public_id]
    assert {key.split("/")[1] for key in rig.kept()} == {public_id}
    assert len(rig.queue.messages) == 1


def test_a_body_that_is_too_large_is_refused_with_a_problem(rig: ApiRig, url: str) -> None:
    """By the server itself, before the application could: the answer looks the same."""
    answer = httpx.post(f"{url}/v1/jobs", files={"archive": ("a.zip", bytes(1024 * 1024))})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "FAKESWEEP_MAX_UPLOAD_BYTES" in answer.json()["detail"]
    assert answer.json()["request_id"].startswith("req_")
    assert rig.kept() == []


def test_a_request_that_is_none_is_refused_with_a_problem(rig: ApiRig, url: str) -> None:
    """What cannot be read as HTTP never reaches the application."""
    with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as connection:
        connection.sendall(b"POST /v1/jobs HTTP/1.1\r\nContent-Length: many\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["status"] == 400
    assert rig.queue.messages == []
