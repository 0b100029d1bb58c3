"""What must hold at the end of every trial, whatever happened in it."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from core.terms import JobState, Outcome
from db.models import Job, ModelVersion, Verdict
from db.session import Database
from tests.support.chaos.history import History
from tests.support.chaos.items import Items
from tests.support.chaos.ledger import Ledger, require_sound
from tests.support.rows import get_job, shards_of

MAX_RERUNS = 0.05
COUNTED = ("scored", "not_applicable", "failed", "fake", "real", "uncertain", "reused")


@dataclass(frozen=True)
class Reruns:
    """How much was computed more than once."""

    scored: int
    items: int

    @property
    def ratio(self) -> float:
        """Return the reruns as a part of all items."""
        return (self.scored - self.items) / self.items


def require_one_verdict_each(
    database: Database, job_id: int, items: Items, model_version: str
) -> None:
    """Fail unless the job is complete, with the one correct verdict at each position."""
    job = get_job(database, job_id)
    assert job.state == JobState.COMPLETED, (job.state, job.error)
    assert (job.total, job.ended) == (len(items.kinds), len(items.kinds))
    with database.read() as session:
        query = (
            select(Verdict, ModelVersion.name)
            .join(ModelVersion, ModelVersion.id == Verdict.model_version_id)
            .where(Verdict.job_id == job_id)
            .order_by(Verdict.position)
        )
        rows = [(verdict, name) for verdict, name in session.execute(query)]
    assert [verdict.position for verdict, _ in rows] == list(range(len(items.kinds)))
    for verdict, version in rows:
        assert version == model_version
        _require_correct(verdict, items, model_version)
    _require_counted(job, [verdict for verdict, _ in rows])


def require_shards_done(database: Database, job_id: int) -> None:
    """Fail unless the shards cover every item once, each done, numbered without gaps."""
    shards = shards_of(database, job_id)
    job = get_job(database, job_id)
    positions = sorted(position for shard in shards for position in shard.positions)
    assert positions == list(range(job.total))
    assert sorted(shard.landing or 0 for shard in shards) == list(range(1, len(shards) + 1))
    assert job.landed == len(shards)
    ledger = Ledger(database)
    require_sound(ledger.steps())
    assert ledger.changed_verdicts() == 0


def count_reruns(history: History, items: Items, model_version: str) -> Reruns:
    """Return how often items were scored; each that has a score must be in the history."""
    scored = history.scored(model_version)
    assert all(
        (position in scored) == (items.expected(position, model_version).outcome is Outcome.SCORED)
        for position in range(len(items.kinds))
    )
    return Reruns(scored=scored.total(), items=len(scored))


def _require_correct(verdict: Verdict, items: Items, model_version: str) -> None:
    expected = items.expected(verdict.position, model_version)
    for name in ("name", "outcome", "label", "score", "code", "sha256", "reused"):
        found = getattr(verdict, name), getattr(expected, name)
        assert found[0] == found[1], (verdict.position, name, *found, verdict.message)


def _require_counted(job: Job, verdicts: list[Verdict]) -> None:
    counted: Counter[str] = Counter()
    for verdict in verdicts:
        counted[verdict.outcome] += 1
        counted["reused"] += verdict.reused
        if verdict.label is not None:
            counted[verdict.label] += 1
    assert {name: getattr(job, name) for name in COUNTED} == {
        name: counted[name] for name in COUNTED
    }
