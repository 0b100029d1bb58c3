"""What is committed of shards in hand: their verdicts, what is put off, and what has failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import NamedTuple

from sqlalchemy.orm import Session

from core.logs import get_logger
from db import dispatching, shards
from db.claims import ShardClaim
from db.verdicts import NewVerdict
from workers.pauses import pause_s
from workers.scoring import Scores

log = get_logger(__name__)


class Committed(NamedTuple):
    """What came of a commit: bells due by it, whether the job ended, the verdicts stored."""

    bells: int
    job_ended: bool
    verdicts: Sequence[NewVerdict] = ()


Commit = Callable[[Session, Sequence[ShardClaim]], Committed]


@dataclass(frozen=True)
class Landing:
    """Writes what came of shards of one job, in the transaction of who calls.

    Keeps `shards_in_broker` of the job queued; shards that failed have `max_attempts`. Raises
    LeaseLostError with the shards that are no longer ours.
    """

    max_attempts: int
    shards_in_broker: int
    stopping: Event

    def land(self, scores: Scores, session: Session, held: Sequence[ShardClaim]) -> Committed:
        """Finish the shards of which every item has a verdict, and postpone the others."""
        found = {claim.shard_id: scores.of(claim) for claim in held}
        whole = [claim for claim in held if len(found[claim.shard_id]) == len(claim.items)]
        parts = [claim for claim in held if claim not in whole]
        if parts:
            shards.lock(session, held)
        bells, ended = 0, False
        if whole:
            verdicts = [verdict for claim in whole for verdict in found[claim.shard_id]]
            window = self.shards_in_broker
            queued, ended = shards.finish(session, whole, verdicts, window=window)
            bells = queued.bells
        for claim in parts:
            ended |= self._postpone(session, claim, found[claim.shard_id], scores)
        if parts:
            job_id = parts[0].job_id
            bells += dispatching.dispatch(session, job_id, window=self.shards_in_broker).bells
        stored = [verdict for claim in held for verdict in found[claim.shard_id]]
        return Committed(bells, ended, stored)

    def _postpone(
        self, session: Session, claim: ShardClaim, found: Sequence[NewVerdict], scores: Scores
    ) -> bool:
        """Keep what was scored, and return the rest: at once when only this worker stops.

        Returns whether the job ended by it.
        """
        log.warning("shard_postponed", shard_id=claim.shard_id, reason=scores.error)
        is_stopping = self.stopping.is_set()
        delay_s = 0.0 if is_stopping else pause_s(claim.postponements)
        if found:
            return shards.finish_some(session, claim, found, error=scores.error, delay_s=delay_s)
        return shards.postpone(
            session, claim, error=scores.error, delay_s=delay_s, is_away=scores.is_away
        )

    def hand_back(self, error: str, session: Session, held: Sequence[ShardClaim]) -> Committed:
        """Return shards that failed, which counts as an attempt of each."""
        shards.lock(session, held)
        ended = [
            shards.hand_back(session, claim, error=error, max_attempts=self.max_attempts)
            for claim in held
        ]
        queued = dispatching.dispatch(session, held[0].job_id, window=self.shards_in_broker)
        return Committed(queued.bells, any(ended))
