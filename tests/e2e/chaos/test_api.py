"""An API that cannot ring the broker, dies just before it would, or is asked fifty times."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from db import job_pages
from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.faults import Fault
from tests.support.chaos.trial import Trial

REQUESTS = 50


def test_a_job_is_accepted_while_the_broker_is_away(begin: Begin) -> None:
    """202 without a broker; the job runs when there is one again."""
    trial = begin()
    trial.start_workers()
    trial.start_api()
    trial.broker.kill()
    answer = _post(trial)
    assert answer.status_code == 202, answer.text
    trial.pause(5)
    trial.broker.restart()
    trial.finish(trial.job_id(answer.json()["id"]))


def test_an_api_that_dies_after_the_commit_loses_no_job(begin: Begin) -> None:
    """Killed between the commit and the message: recovery finds the job that nobody plans."""
    trial = begin()
    trial.start_workers()
    trial.start_api()
    trial.faults.turn_on(Fault.API_DIES_BEFORE_SENDING)
    with pytest.raises(httpx.TransportError):
        _post(trial)
    trial.faults.turn_off(Fault.API_DIES_BEFORE_SENDING)
    with trial.database.read() as session:
        (job,) = job_pages.page(session, limit=10)
    trial.finish(job.id)


def test_fifty_requests_with_one_key_make_one_job(begin: Begin) -> None:
    """All at once, under one Idempotency-Key: each is answered with the same job."""
    trial = begin()
    trial.start_workers()
    trial.start_api()
    together = Barrier(REQUESTS)

    def post(_number: int) -> httpx.Response:
        together.wait()
        return _post(trial, {"Idempotency-Key": "one-key"})

    with ThreadPoolExecutor(REQUESTS) as threads:
        answers = list(threads.map(post, range(REQUESTS)))
    assert {answer.status_code for answer in answers} == {202}
    (public_id,) = {answer.json()["id"] for answer in answers}
    with trial.database.read() as session:
        assert [job.public_id for job in job_pages.page(session, limit=10)] == [public_id]
    trial.finish(trial.job_id(public_id))


def _post(trial: Trial, headers: dict[str, str] | None = None) -> httpx.Response:
    source = {"type": "folder", "path": str(trial.items.folder)}
    body = {"source": source}
    return httpx.post(f"{trial.url}/v1/jobs", json=body, headers=headers, timeout=60)
