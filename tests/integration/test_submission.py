"""Making jobs through a real server, on either database, from many threads at a time."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from core.storage import Storage
from db import jobs
from db.session import Database
from tests.support.api import ApiRig, png, settings_for
from tests.support.rows import add_champion
from tests.support.serving import served

REQUESTS = 50


@pytest.fixture
def rig(tmp_path: Path, database: Database) -> ApiRig:
    """An application on either database, with a champion."""
    add_champion(database)
    settings = settings_for(tmp_path)
    return ApiRig(settings, database, Storage(settings.storage_url))


@pytest.fixture
def url(rig: ApiRig) -> Iterator[str]:
    """The application's address."""
    with served(rig.app, threads=16) as url:
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
        assert [job.public_id for job in jobs.page(session, limit=10)] == [public_id]
    assert {key.split("/")[1] for key in rig.kept()} == {public_id}
    assert len(rig.queue.messages) == 1
