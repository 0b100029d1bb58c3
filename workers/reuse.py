"""Verdicts that images need not be scored for: the same bytes had them before.

Either they are stored, or somebody in this process is at it: see `workers.inflight`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from db import scored
from db.claims import ShardClaim
from db.models import Verdict
from db.session import Database
from workers.inflight import InFlight, Key
from workers.item import Item
from workers.patience import patiently


@dataclass(frozen=True)
class Reuse:
    """Finds what can be reused for shards in hand, and offers what they score to others."""

    database: Database
    in_flight: InFlight
    claim: ShardClaim  # the first; only what all have in common is asked of it
    by_faces: bool
    stopping: Event

    def find(self, block: Sequence[Item]) -> None:
        """End the images that have a verdict; let others follow, if they are being scored now.

        What is left to be scored keeps its content, and leads.
        """
        for item in block:
            item.flight, item.leads = self.in_flight.join(self._key(item))
        led = [item for item in block if item.leads]
        earlier = self._earlier([item.sha256 for item in led])
        for item in led:
            if verdict := earlier.get(item.sha256):
                item.reuse(verdict)
                self.tell(item)
        for item in block:
            if item.has_ended or not item.leads:
                item.content = None

    def tell(self, item: Item) -> None:
        """Tell the followers of an image that has ended."""
        if item.flight is not None and item.leads:
            self.in_flight.tell(item.flight, item.verdict)

    def leave(self, items: Sequence[Item]) -> None:
        """Lead these images no more: the followers of those that did not end score them."""
        for item in items:
            if item.flight is not None and item.leads:
                self.in_flight.leave(item.flight)

    def _key(self, item: Item) -> Key:
        """Return whose score the item may take; with `rescan`, only one of its own job.

        The leader of another job may have taken it from an earlier verdict.
        """
        job_id = self.claim.job_id if self.claim.rescan else None
        return Key(item.sha256, self.claim.model_version_id, self.by_faces, job_id)

    def _earlier(self, hashes: Sequence[bytes]) -> dict[bytes, Verdict]:
        if not hashes:
            return {}
        job_id = self.claim.job_id if self.claim.rescan else None

        def find() -> dict[bytes, Verdict]:
            with self.database.read() as session:
                return scored.find(
                    session,
                    hashes,
                    self.claim.model_version_id,
                    by_faces=self.by_faces,
                    job_id=job_id,
                )

        return patiently(find, until=self.stopping)
