"""Fetches the manifests that jobs name by URL, on threads that no other job waits for.

A server may take its time, and nobody can tell a slow one from one that only pretends to answer.
So each try takes twice as long as the one before it, and most of the threads are for first tries.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from time import monotonic

from core.access import Access
from core.errors import SourceError, StorageError
from core.sources import LONGEST_FETCH_S, Limits, ManifestSource, fetch
from core.storage import Storage
from core.taskqueue import TaskQueue
from db import plan_turns
from db.planning import PlanClaim
from db.session import Database
from db.uploads import storage_key
from workers.leases import LeaseKeeper
from workers.patience import patiently
from workers.plan_attempts import PlanAttempts
from workers.planner import Planner
from workers.turns import Turn, TurnOverError, Turns

THREADS = 16
LATER_TRIES = 6
FIRST_TRY_S = 20.0


@dataclass(frozen=True)
class ManifestFetcher:
    """Fetches manifests; several may try one job, only the holder of its lease goes on with it."""

    database: Database
    queue: TaskQueue
    storage: Storage
    limits: Limits
    access: Access
    leases: LeaseKeeper
    stopping: Event
    lease_s: float
    turns: Turns = field(default_factory=partial(Turns, LATER_TRIES))

    def fetch_waiting(self, on_fetched: Callable[[], None]) -> None:
        """Fetch until no manifest waits for it; call `on_fetched` for each that can be listed."""
        attempts = PlanAttempts(self.database, self.queue, self.stopping)
        while not self.stopping.is_set():
            with self.turns.take() as turn:
                claim = patiently(partial(self._claim, turn))
                if claim is None:
                    return
                with self.leases.plan(claim.job_id, claim.token):
                    attempts.run(claim, partial(self._fetch, claim, turn))
            on_fetched()

    def _claim(self, turn: Turn) -> PlanClaim | None:
        with self.database.write() as session:
            return plan_turns.claim_next(
                session, lease_s=self.lease_s, newcomers_only=not turn.is_long, to_fetch=True
            )

    def _fetch(self, claim: PlanClaim, turn: Turn) -> None:
        timeout_s = min(FIRST_TRY_S * 2.0**claim.postponements, LONGEST_FETCH_S)
        began = monotonic()
        try:
            fetch(
                ManifestSource.model_validate(claim.source),
                storage=self.storage,
                unpack_prefix=f"{storage_key(claim.public_id)}/items",
                limits=self.limits,
                access=self.access,
                timeout_s=timeout_s,
                heed=partial(self._heed, claim, turn),
            )
        except StorageError as error:
            if monotonic() - began >= LONGEST_FETCH_S:
                raise SourceError(
                    f"The manifest did not arrive within {LONGEST_FETCH_S:g} seconds; split it, "
                    "or upload it."
                ) from error
            raise
        patiently(partial(self._note, claim))

    def _heed(self, claim: PlanClaim, turn: Turn) -> None:
        """Raise TurnOverError when nobody wants the manifest any more, or another fetches it."""
        if self.stopping.is_set():
            raise TurnOverError("The worker stops.")
        if turn.is_look_due() and not patiently(partial(self._is_held, claim)):
            raise TurnOverError("The job is not wanted any more.")

    def _is_held(self, claim: PlanClaim) -> bool:
        with self.database.read() as session:
            return plan_turns.is_held(session, claim)

    def _note(self, claim: PlanClaim) -> None:
        with self.database.write() as session:
            plan_turns.note_fetched(session, claim)


def fetcher_beside(planner: Planner) -> ManifestFetcher:
    """Return the fetcher that works for the planner, with the same parts."""
    return ManifestFetcher(
        database=planner.database,
        queue=planner.queue,
        storage=planner.storage,
        limits=planner.limits,
        access=planner.access,
        leases=planner.leases,
        stopping=planner.stopping,
        lease_s=planner.lease_s,
    )
