"""Workers that are killed, restarted, stopped, and that lose their sense of time."""

import signal
from datetime import datetime, timedelta

from core.terms import Outcome, ShardState
from db import verdicts
from tests.e2e.chaos.conftest import Begin
from tests.support.chaos.faults import CLOCK_BACKWARDS, CLOCK_FORWARDS
from tests.support.chaos.items import Kind
from tests.support.chaos.ledger import Ledger, ShardStep
from tests.support.chaos.trial import Trial

KILL_EVERY_S = 2
EARLY_PART = 0.3  # for what takes a while, and must happen before the job ends
LONG_LEASE_S = 120
SOON = timedelta(seconds=30)


def test_a_random_worker_is_killed_every_two_seconds(begin: Begin) -> None:
    """kill -9, again and again: the shards of a dead worker are done by another."""
    trial = begin(kills=1, shard_size=8)
    trial.start_workers()
    job_id = trial.submit()
    trial.pause(KILL_EVERY_S)
    while not trial.happens(lambda: trial.job(job_id).state.is_final, within_s=KILL_EVERY_S):
        starts = len(trial.history.of("ready"))
        trial.signal(trial.random.choice(trial.workers), signal.SIGKILL)
        trial.wait_for(
            lambda before=starts: len(trial.history.of("ready")) > before,
            "the killed worker is there again",
        )
    trial.finish(job_id)


def test_a_rolling_restart_makes_no_shard_wait_for_its_lease(begin: Begin) -> None:
    """SIGTERM of one worker after the other: each ends well, and gives back what it had."""
    trial = begin(kills=0, item_s=0.004, lease_s=LONG_LEASE_S)
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1, last=EARLY_PART))
    asked: dict[int, datetime] = {}
    for name in trial.random.sample(trial.workers, len(trial.workers)):
        assert not trial.job(job_id).state.is_final, "The job ended before the last restart."
        starts = len(trial.history.of("ready"))
        at = Ledger(trial.database).now()
        asked[trial.signal(name, signal.SIGTERM)] = at
        trial.wait_for(
            lambda before=starts: len(trial.history.of("ready")) > before,
            f"{name} is there again",
        )
    trial.finish(job_id)
    endings = [note.detail.split() for note in trial.history.of("ended")]
    assert [(int(pid), code) for _, pid, code in endings] == [(pid, "0") for pid in asked]
    waits = [
        next(step.at for step in steps if step.at > at) - at
        for pid, at in asked.items()
        for steps in _in_hand(trial, pid, at)
    ]
    assert max(waits, default=timedelta()) < SOON
    errors = {
        step.last_error for steps in Ledger(trial.database).steps().values() for step in steps
    }
    assert not any("died or stopped" in (error or "") for error in errors)


def test_a_worker_stopped_past_its_lease_is_fenced(begin: Begin) -> None:
    """SIGSTOP, then SIGCONT: its shards are another's by then, and its late commits refused."""
    trial = begin(kills=0)
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1))
    name, pid = _stop_one_with_shards(trial)
    held = _in_hand(trial, pid, Ledger(trial.database).now())
    trial.wait_for(
        lambda: not _in_hand(trial, pid, Ledger(trial.database).now()), "its shards go to others"
    )
    trial.signal(name, signal.SIGCONT)
    trial.finish(job_id)
    steps = Ledger(trial.database).steps()
    for before in held:
        assert steps[before[-1].shard_id][-1].lease_token > before[-1].lease_token
    assert "leases_lost" in (trial.folder / f"{name}.log").read_text()


def test_a_worker_stopped_within_a_transaction_holds_nobody_up(begin: Begin) -> None:
    """What it has locked in the database is free again soon, and the job ends without it."""
    trial = begin(kills=0)
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1, last=EARLY_PART))
    name = trial.random.choice(trial.workers)
    while True:
        trial.signal(name, signal.SIGSTOP)
        if trial.happens(lambda: Ledger(trial.database).open_transactions() > 0, within_s=0.3):
            break
        trial.signal(name, signal.SIGCONT)
        assert not trial.job(job_id).state.is_final, "No worker was ever within a transaction."
    trial.finish(job_id)


def test_clocks_that_jump_change_nothing(begin: Begin) -> None:
    """One worker is ten minutes ahead at once, another behind: only the database's counts."""
    trial = begin()
    trial.start_workers()
    job_id = trial.submit()
    trial.wait_for_part(job_id, *trial.moments(1))
    ahead, behind = trial.random.sample(trial.workers, 2)
    trial.signal(ahead, CLOCK_FORWARDS)
    trial.signal(behind, CLOCK_BACKWARDS)
    trial.wait_for(lambda: len(trial.history.of("clock")) == 2, "the clocks jump")
    trial.finish(job_id)


def test_an_image_that_kills_its_worker_is_found_and_given_up(begin: Begin) -> None:
    """Only it is `failed: poison`; the other 63 of its shard are scored."""
    trial = begin(kills=1, raises=0, shard_size=64)
    trial.start_workers()
    job_id = trial.submit()
    trial.finish(job_id)
    position = trial.items.kinds.index(Kind.KILLS)
    first = position - position % 64
    with trial.database.read() as session:
        shard = verdicts.page(session, job_id, limit=64, after_position=first - 1)
        failed = [verdict.position for verdict in shard if verdict.outcome == Outcome.FAILED]
    broken = [
        at for at in range(first, first + 64) if trial.items.kinds[at : at + 1] == (Kind.BROKEN,)
    ]
    assert sorted(failed) == sorted([position, *broken])
    trial.measured["poisonings"] = len(trial.history.of("poisoned"))


def _stop_one_with_shards(trial: Trial) -> tuple[str, int]:
    """SIGSTOP a worker that has shards in hand; return its name and process id."""
    while True:
        name = trial.random.choice(trial.workers)
        pid = trial.signal(name, signal.SIGSTOP)
        if _in_hand(trial, pid, Ledger(trial.database).now()):
            return name, pid
        trial.signal(name, signal.SIGCONT)


def _in_hand(trial: Trial, pid: int, at: datetime) -> list[list[ShardStep]]:
    """Return all steps of the shards that the worker had in hand at the time."""
    found = []
    for steps in Ledger(trial.database).steps().values():
        before = [step for step in steps if step.at <= at]
        if before and before[-1].state == ShardState.LEASED and _is_of(before[-1], pid):
            found.append(steps)
    return found


def _is_of(step: ShardStep, pid: int) -> bool:
    return (step.leased_by or "").endswith(f":{pid}")
