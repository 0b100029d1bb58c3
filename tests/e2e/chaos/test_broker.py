"""A broker that dies, forgets everything, or gives messages out twice."""

import json
import signal
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from client import Client
from core.settings import Settings
from core.taskqueue import QueueName, TaskName
from db.models import Job
from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.check import require_one_verdict_each
from tests.support.chaos.items import Kind, content_of
from tests.support.chaos.messages import Heard
from tests.support.chaos.trial import MODEL_VERSION, Trial
from tests.support.receiver import receiver

RESUMES_WITHIN_S = 15  # promised (docs/guarantees.md), with the settings as they are delivered
DELIVERED = {
    name: Settings.model_fields[name].default for name in ("lease_s", "recovery_interval_s")
}
AWAKE_ITEMS = 256  # more than were in hand when the broker died
LONG_AWAY_S = 72  # Celery's own pauses are longer than what is promised by then
OF_QUEUES = {TaskName.SCAN_NEXT, TaskName.EXPLAIN}  # heatmaps need a model: see their unit tests
EVERY_TASK = {(task, QueueName.CONTROL) for task in set(TaskName) - OF_QUEUES} | {
    (TaskName.SCAN_NEXT, queue) for queue in (QueueName.BULK, QueueName.INTERACTIVE)
}


def test_a_broker_that_is_killed_twice_costs_nothing(begin: Begin) -> None:
    """kill -9 and a new start: the workers find it again by themselves, and go on soon.

    Their turns are short, so that nobody is awake when it is back.
    """
    trial = begin(kills=0, turn_s=0, **DELIVERED)
    trial.start_workers()
    job_id = trial.submit()
    for part in trial.moments(2):
        trial.wait_for_part(job_id, part)
        trial.broker.kill()
        ended = trial.wait_until_still(job_id)
        trial.wait_until_resumed(job_id, ended, since=trial.broker.restart())
    trial.finish(job_id)
    assert trial.measured["resumed_s"] < RESUMES_WITHIN_S


def test_those_who_are_awake_go_on_without_a_broker(begin: Begin) -> None:
    """A slot that has heard a bell needs no other until its turn is over."""
    trial = begin(kills=0, **DELIVERED)
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1))
    trial.broker.kill()
    ended = trial.job(job_id).ended
    trial.wait_for(lambda: trial.job(job_id).ended > ended + AWAKE_ITEMS, "they go on")
    trial.broker.restart()
    trial.finish(job_id)


@pytest.mark.long
def test_a_broker_that_was_long_away_and_comes_back_empty_costs_nothing(begin: Begin) -> None:
    """However long it was away: nobody has grown tired of asking for it, and all bells ring."""
    trial = begin(kills=0, turn_s=0, **DELIVERED)
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1))
    trial.broker.kill()
    ended = trial.wait_until_still(job_id)
    trial.happens(lambda: False, within_s=LONG_AWAY_S)
    restarted_at = trial.broker.restart()
    trial.broker.forget()
    trial.wait_until_resumed(job_id, ended, since=restarted_at)
    trial.finish(job_id)
    assert trial.measured["resumed_s"] < RESUMES_WITHIN_S


def test_a_broker_that_forgets_everything_costs_nothing(begin: Begin) -> None:
    """FLUSHALL: recovery rings again for every shard whose message is gone."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    for part in trial.moments(2):
        trial.wait_for_part(job_id, part)
        trial.broker.forget()
    trial.finish(job_id)


def test_every_message_comes_twice(begin: Begin, tmp_path: Path) -> None:
    """Of every task, whoever sends it: the second one finds nothing to do, and changes nothing.

    No image breaks a scan, which would have images scored again.
    """
    networks = "127.0.0.0/8"
    trial = begin(kills=0, raises=0, send_twice=True, outbound_allowed_networks=networks)
    trial.start_workers()
    trial.start_api()
    with receiver() as hook, Client(trial.url) as client:
        client.webhooks.add(hook.url)
        bulk = client.jobs.submit_folder(str(trial.items.folder))
        job_id = trial.job_id(bulk.id)
        trial.wait_for_part(job_id, *trial.moments(1))
        single = client.scan(_another_image(trial, tmp_path / "single.jpg"), wait_s=60)
        assert single.verdict is not None
        trial.finish(job_id, max_reruns=0)
        trial.wait_for(lambda: len(hook.received) >= 2, "the ends of both jobs are told")
        client.jobs.delete(single.job.id)
        trial.wait_for(lambda: _heard_twice(trial) == EVERY_TASK, "every task is heard twice")
        trial.wait_for(lambda: _jobs(trial) == [bulk.id], "the deleted job is purged")
        ends = Counter(json.loads(one.body)["data"]["id"] for one in hook.received)
    assert ends == {bulk.id: 1, single.job.id: 1}
    require_one_verdict_each(trial.database, job_id, trial.items, MODEL_VERSION)


def test_messages_of_a_killed_worker_come_again(begin: Begin) -> None:
    """The broker gives out again what was not acknowledged, also what living workers have."""
    trial = begin(kills=0, count=5000)
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1))
    pid = trial.signal(trial.random.choice(trial.workers), signal.SIGKILL)
    trial.wait_for(lambda: pid in _ended(trial), "the worker is dead")
    lost = trial.broker.unacknowledged() & {
        one.id for one in Heard.of(trial.history) if one.pid == pid
    }
    assert lost, "The killed worker had no message in hand."
    trial.broker.time_out()
    trial.wait_for(lambda: lost <= _given_out_again(trial, pid), "its messages come again")
    trial.finish(job_id)


def _another_image(trial: Trial, file: Path) -> Path:
    file.write_bytes(content_of(Kind.FAKE, len(trial.items.kinds)))
    return file


def _jobs(trial: Trial) -> list[str]:
    with trial.database.read() as session:
        return list(session.scalars(select(Job.public_id)))


def _heard_twice(trial: Trial) -> set[tuple[str, str]]:
    """Return the tasks, with their queues, of the messages that came twice; none came thrice."""
    times = Counter((one.task, one.queue, one.id) for one in Heard.of(trial.history))
    assert max(times.values()) == 2
    return {(task, queue) for (task, queue, _id), count in times.items() if count == 2}


def _ended(trial: Trial) -> set[int]:
    return {int(note.detail.split()[1]) for note in trial.history.of("ended")}


def _given_out_again(trial: Trial, pid: int) -> set[str]:
    return {one.id for one in Heard.of(trial.history) if one.again and one.pid != pid}
