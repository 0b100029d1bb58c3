"""The workers as they report: alive, on which device, with which model versions, how fast."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from core.terms import ShardState
from db import jobs
from db.clock import database_time
from db.dispatching import INTERACTIVE_RANK
from db.models import Job, Shard, Worker

SILENT_S = 20.0  # without a report, which comes every 5 seconds
FORGOTTEN_S = 3600.0


@dataclass(frozen=True)
class Report:
    """What a worker says of itself; the columns of its row say what each means."""

    device: str
    model_versions: list[str]
    max_batch: int
    images: int
    failed: int
    rate: float
    fill: float | None
    busy: float
    errors: int
    last_error: str | None


@dataclass(frozen=True)
class Seen:
    """A worker's row, the shards that it has in hand, and whether it still reports."""

    worker: Worker
    shards: int
    age_s: float

    @property
    def is_silent(self) -> bool:
        """True when it was killed, hangs, or cannot reach the database."""
        return self.age_s > SILENT_S


@dataclass(frozen=True)
class Backlog:
    """What is to be done: jobs that have not ended, and their shards that wait for a worker."""

    open_jobs: int
    interactive: int
    bulk: int
    in_hand: int


def report(session: Session, name: str, said: Report, *, is_first: bool) -> None:
    """Write what the worker says; its first report forgets workers that are long silent.

    It also forgets one of the same name: in a container, every process has the same number.
    """
    now: datetime = session.scalars(select(database_time())).one()
    if is_first:
        is_old = Worker.seen_at < database_time(-FORGOTTEN_S)
        session.execute(delete(Worker).where(or_(is_old, Worker.name == name)))
    worker = session.get(Worker, name)
    if worker is None:
        worker = Worker(name=name, started_at=now, errors=0)
        session.add(worker)
    if said.errors > worker.errors:
        worker.last_error_at = now
    for column, value in asdict(said).items():
        setattr(worker, column, value)
    worker.seen_at = now


def leave(session: Session, name: str) -> None:
    """Take a worker that ends from the list."""
    session.execute(delete(Worker).where(Worker.name == name))


def everyone(session: Session) -> Sequence[Seen]:
    """Return the workers by name, with how long ago each reported."""
    now: datetime = session.scalars(select(database_time())).one()
    leased = select(Shard.leased_by, func.count()).where(Shard.state == ShardState.LEASED)
    held = {name: int(count) for name, count in session.execute(leased.group_by(Shard.leased_by))}
    return [
        Seen(worker, held.get(worker.name, 0), max((now - worker.seen_at).total_seconds(), 0.0))
        for worker in session.scalars(select(Worker).order_by(Worker.name))
    ]


def backlog(session: Session) -> Backlog:
    """Return how much is to be done, by indexes that hold what is open alone."""
    is_open = Job.state.in_(jobs.UNENDED)
    waiting = select(Shard.rank, func.count()).where(Shard.state == ShardState.QUEUED)
    queued = {rank: int(n) for rank, n in session.execute(waiting.group_by(Shard.rank))}
    interactive = queued.pop(INTERACTIVE_RANK, 0)
    leased = select(func.count()).where(Shard.state == ShardState.LEASED)
    return Backlog(
        open_jobs=session.scalar(select(func.count()).select_from(Job).where(is_open)) or 0,
        interactive=interactive,
        bulk=sum(queued.values()),
        in_hand=session.scalar(leased) or 0,
    )
