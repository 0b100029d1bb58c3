"""Scans the shard whose turn it is: claim, score, commit. Knows no Celery.

Whatever goes wrong returns the shard to the database, which counts its attempts.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from core.errors import ModelUnavailableError
from core.logs import get_logger
from core.taskqueue import TaskQueue
from db import dispatching, shards
from db.session import Database
from db.shards import LeaseLostError, ShardClaim
from workers.dispatch import ring, ring_for_webhooks
from workers.laggards import Laggards
from workers.leases import LeaseKeeper
from workers.patience import is_passing, patiently
from workers.scoring import Scorer, Scores
from workers.solitude import Solitude

LONGEST_PAUSE_S = 60.0

log = get_logger(__name__)


@dataclass(frozen=True)
class ShardScanner:
    """Scans shards; several threads share one."""

    database: Database
    queue: TaskQueue
    scorer: Scorer
    leases: LeaseKeeper
    worker: str
    lease_s: float
    max_attempts: int
    shards_in_broker: int
    laggards: Laggards
    solitude: Solitude = field(default_factory=Solitude)

    def scan_interactive(self) -> None:
        """Scan single images until none waits."""
        while self._scan_next(interactive=True):
            pass

    def scan_next(self) -> bool:
        """Scan the shard whose turn it is; return False when none waits.

        Single scans come first. They have bells of their own, so this one's shard is still due.
        """
        while claim := self._scan_next(interactive=False):
            if not claim.interactive:
                return True
        return False

    def _scan_next(self, *, interactive: bool) -> ShardClaim | None:
        """Scan the next shard, alone in this process if it has failed before; return its claim."""
        with self.solitude.entrance():
            if self.scorer.fetcher.stopping.is_set():
                ring(self.queue, 1, interactive=interactive)  # for another worker
                return None
            claim = patiently(
                partial(self._claim, interactive=interactive), until=self.scorer.fetcher.stopping
            )
            if claim is None:
                return None
            room = self.solitude.enter(alone=claim.attempts > 1)
            in_hand = self.laggards.holding(claim.job_id)
        with in_hand, self.leases.shard(claim.shard_id, claim.token), room:
            self._scan(claim)
        return claim

    def _claim(self, *, interactive: bool) -> ShardClaim | None:
        with self.database.write() as session:
            return shards.claim_next(
                session,
                worker=self.worker,
                lease_s=self.lease_s,
                interactive=interactive,
                barred=() if interactive else self.laggards.barred(),
            )

    def _scan(self, claim: ShardClaim) -> None:
        queued, ended = 0, False
        with ExitStack() as in_flight:
            commit = self._score(claim, in_flight)
            try:
                queued, ended = patiently(partial(self._commit, commit))
            except LeaseLostError as error:
                log.warning("lease_lost", shard_id=claim.shard_id, reason=str(error))
        ring(self.queue, queued, interactive=claim.interactive)
        if ended:
            log.info("job_ended", job_id=claim.job_id)
            ring_for_webhooks(self.database, self.queue)

    def _score(
        self, claim: ShardClaim, in_flight: ExitStack
    ) -> Callable[[Session], tuple[int, bool]]:
        """Return what is to be committed of the shard, whose images are in flight until then."""
        try:
            scores = in_flight.enter_context(self.scorer.scoring(claim))
        except ModelUnavailableError as error:
            log.error("model_unavailable", shard_id=claim.shard_id, reason=str(error))
            return partial(self._postpone, claim, Scores([], str(error)))
        except Exception as error:  # nothing that one shard does may stop the worker
            if is_passing(error):
                return partial(self._postpone, claim, Scores([], f"The database is away: {error}"))
            log.exception("shard_failed", shard_id=claim.shard_id, attempts=claim.attempts)
            return partial(self._hand_back, claim, f"{type(error).__name__}: {error}")
        self.laggards.note(claim.job_id, slow=scores.is_late)
        if len(scores.found) == len(claim.items):
            return partial(
                shards.finish, claim=claim, found=scores.found, window=self.shards_in_broker
            )
        log.warning("shard_postponed", shard_id=claim.shard_id, reason=scores.error)
        return partial(self._postpone, claim, scores)

    def _commit(self, commit: Callable[[Session], tuple[int, bool]]) -> tuple[int, bool]:
        with self.database.write() as session:
            return commit(session)

    def _hand_back(self, claim: ShardClaim, error: str, session: Session) -> tuple[int, bool]:
        ended = shards.hand_back(session, claim, error=error, max_attempts=self.max_attempts)
        return dispatching.dispatch(session, claim.job_id, window=self.shards_in_broker), ended

    def _postpone(self, claim: ShardClaim, scores: Scores, session: Session) -> tuple[int, bool]:
        """Keep what was scored, and return the rest: at once when only this worker stops."""
        is_stopping = self.scorer.fetcher.stopping.is_set()
        pause_s = min(2.0 ** min(claim.postponements, 10), LONGEST_PAUSE_S)
        delay_s = 0.0 if is_stopping else pause_s
        if scores.found:
            shards.finish_some(session, claim, scores.found, error=scores.error, delay_s=delay_s)
        else:
            shards.postpone(session, claim, error=scores.error, delay_s=delay_s)
        return dispatching.dispatch(session, claim.job_id, window=self.shards_in_broker), False
