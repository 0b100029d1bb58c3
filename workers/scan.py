"""Scans the shards whose turn it is: claim, score, commit. Knows no Celery.

Whatever goes wrong returns the shard to the database, which counts its attempts.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from core.endings import Endings
from core.errors import ModelUnavailableError
from core.logs import get_logger
from core.taskqueue import TaskQueue
from db import claims
from db.claims import ShardClaim
from db.leases import LeaseLostError
from db.session import Database
from workers.batches import DeviceError
from workers.dispatch import ring, ring_for_webhooks
from workers.handful import Handful, Pace
from workers.laggards import Laggards
from workers.landing import Commit, Committed, Landing
from workers.leases import LeaseKeeper
from workers.patience import is_passing, patiently
from workers.scoring import Scorer, Scores
from workers.solitude import Solitude
from workers.tally import Tally

TURN_S = 30.0  # a slot goes on for so long before Celery has it back: a message costs 5 ms
A_MOMENT_S = 0.05  # in which those who have locked the shards that one does not see are done

log = get_logger(__name__)


@dataclass(frozen=True)
class ShardScanner:
    """Scans shards; several threads share one."""

    database: Database
    queue: TaskQueue
    endings: Endings
    scorer: Scorer
    leases: LeaseKeeper
    worker: str
    lease_s: float
    landing: Landing
    laggards: Laggards
    pace: Pace = field(default_factory=Pace)
    solitude: Solitude = field(default_factory=Solitude)
    tally: Tally = field(default_factory=Tally)

    def scan_interactive(self) -> None:
        """Scan single images until none waits."""
        with self.scorer.precedence.taken():
            while self._scan_next(interactive=True):
                pass

    def scan_bulk(self, *, turn_s: float = TURN_S) -> None:
        """Answer a bell: scan until nothing waits, or the slot's turn is over.

        Whoever is woken wakes the next slot, here or elsewhere, before it begins: so all are
        awake while something waits, by one message each.
        """
        until = monotonic() + turn_s
        wakes = True
        while self.scan_next(wakes=wakes) or self._look_again():
            if monotonic() >= until:
                ring(self.queue, 1, interactive=False)
                return
            wakes = False

    def _look_again(self) -> bool:
        """Look once more before the slot sleeps: what others hold locked is not seen."""
        return not self.scorer.fetcher.stopping.wait(A_MOMENT_S) and self.scan_next(wakes=True)

    def scan_next(self, *, wakes: bool = False) -> bool:
        """Scan the shards whose turn it is; return False when none waits.

        With `wakes`, a bell is rung for those that come after them.
        """
        self.scorer.precedence.give_way()
        return self._scan_next(interactive=False, wakes=wakes)

    def _scan_next(self, *, interactive: bool, wakes: bool = False) -> bool:
        """Scan the next shards, alone in this process if one has failed."""
        with self.solitude.entrance():
            if self.scorer.fetcher.stopping.is_set():
                ring(self.queue, 1, interactive=interactive)  # for another worker
                return False
            handful = patiently(
                partial(self._claim, interactive=interactive), until=self.scorer.fetcher.stopping
            )
            if handful is None:
                return False
            room = self.solitude.enter(alone=handful.first.attempts > 1)
            in_hand = self.laggards.holding(handful.first.job_id)
        with in_hand, self.leases.shards(handful.tokens), room, self._precedence(handful):
            if wakes:
                ring(self.queue, 1, interactive=False)
            self._scan(handful)
        return True

    def _precedence(self, handful: Handful) -> AbstractContextManager[None]:
        """Have bulk give way, also where a slot of bulk came upon a single scan."""
        return self.scorer.precedence.taken() if handful.first.interactive else nullcontext()

    def _claim(self, *, interactive: bool) -> Handful | None:
        worker, lease_s = self.worker, self.lease_s
        barred = () if interactive else self.laggards.barred()
        with self.database.write() as session:
            first = claims.claim_next(
                session, worker=worker, lease_s=lease_s, interactive=interactive, barred=barred
            )
            if first is None:
                return None
            room = self._room_beside(first)
            more = (
                claims.claim_more(session, first, worker=worker, lease_s=lease_s, at_most=room)
                if room
                else []
            )
            return Handful([first, *more])

    def _room_beside(self, first: ShardClaim) -> int:
        """Return how many shards more may be taken; with one attempt each, none is risked."""
        if first.interactive or not first.is_fresh or self.landing.max_attempts == 1:
            return 0
        if self.laggards.is_slow(first.job_id):
            return 0
        return self.pace.handful(len(first.items)) - 1

    def _scan(self, handful: Handful) -> None:
        first = handful.first
        with ExitStack() as in_flight:
            commit = self._score(handful, in_flight)
            if not first.interactive:
                self.scorer.precedence.give_way()
            bells, ended = self._commit(handful, commit)
        ring(self.queue, bells, interactive=first.interactive)
        if ended:
            if first.interactive:
                self.endings.ring(first.public_id)
            log.info("job_ended", job_id=first.job_id)
            ring_for_webhooks(self.database, self.queue)

    def _score(self, handful: Handful, in_flight: ExitStack) -> Commit:
        """Return what is to be committed of the shards, whose images are in flight until then."""
        ids = [claim.shard_id for claim in handful.claims]
        try:
            scores = in_flight.enter_context(self.scorer.scoring(handful))
        except ModelUnavailableError as error:
            log.error("model_unavailable", shard_ids=ids, reason=str(error))
            self.tally.add_error(str(error))
            return partial(self.landing.land, Scores([], str(error)))
        except DeviceError as error:  # which the batcher has counted
            log.error("device_failed", shard_ids=ids, reason=str(error))
            return partial(self.landing.land, Scores([], str(error)))
        except Exception as error:  # nothing that a shard does may stop the worker
            if is_passing(error):
                return partial(self.landing.land, Scores([], f"The database is away: {error}"))
            log.exception("shards_failed", shard_ids=ids, attempts=handful.first.attempts)
            reason = f"{type(error).__name__}: {error}"
            self.tally.add_error(f"A scan failed: {reason}")
            return partial(self.landing.hand_back, reason)
        self.laggards.note(handful.first.job_id, slow=scores.is_late)
        return partial(self.landing.land, scores)

    def _commit(self, handful: Handful, commit: Commit) -> tuple[int, bool]:
        """Commit the shards that are still ours, in one transaction."""

        def run(claims: Sequence[ShardClaim]) -> Committed:
            with self.database.write() as session:
                return commit(session, claims)

        held = list(handful.claims)
        while held:
            try:
                committed = patiently(partial(run, held))
                self.pace.note(len(committed.verdicts), taken_at=handful.taken_at)
                self.tally.add_verdicts(committed.verdicts)
                return committed.bells, committed.job_ended
            except LeaseLostError as error:
                log.warning("leases_lost", shard_ids=error.shard_ids)
                held = [claim for claim in held if claim.shard_id not in error.shard_ids]
        return 0, False
