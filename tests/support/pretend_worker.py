"""A worker without a model: plans and finishes shards with verdicts that the names ask for."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sqlalchemy import select

from core.access import Access
from core.sources import Limits, LineFault, SourceItem, list_items, source_from_dict
from core.storage import Storage
from core.terms import ItemCode, Label, Outcome, ShardState
from db import claims, jobs, planning, shards
from db.claims import ShardClaim
from db.models import Shard
from db.session import Database
from db.verdicts import NewVerdict
from tests.support.rows import claim_shard

LIMITS = Limits(
    max_image_bytes=1_000_000,
    max_archive_items=10_000,
    max_archive_bytes=10**9,
    max_manifest_bytes=10**6,
)
FACE = {"box": [10, 20, 110, 140], "score": 0.5, "detection": 0.9, "reason": None}
SMALL_FACE = {"box": [5, 5, 15, 20], "score": None, "detection": 0.6, "reason": "face_too_small"}
LEASE_S = 60
WINDOW = 16


Judge = Callable[[int, SourceItem], NewVerdict]


def judge_by_name(position: int, item: SourceItem) -> NewVerdict:
    """Return a verdict that the name asks for: `fake`, `unsure`, `broken`, `lost`, or else real.

    A `group` has two faces, one of which is too small.
    """
    plain = NewVerdict(position, item.name, Outcome.FAILED, item.custom_id)
    if item.fault_code is not None:
        return replace(plain, code=item.fault_code, message=item.fault_message)
    if "broken" in item.name:
        sentence = "The file is damaged, or no image."
        return replace(plain, code=ItemCode.UNDECODABLE, message=sentence)
    if "lost" in item.name:
        sentence = "The image could not be read."
        return replace(plain, code=ItemCode.FETCH_FAILED, message=sentence)
    if "tree" in item.name:
        sentence = "No face was found in the image."
        outcome = Outcome.NOT_APPLICABLE
        return replace(plain, outcome=outcome, code=ItemCode.NO_FACE, message=sentence)
    label, score = Label.REAL, 0.03
    if "fake" in item.name:
        label, score = Label.FAKE, 0.97
    elif "unsure" in item.name:
        label, score = Label.UNCERTAIN, 0.52
    return replace(
        plain,
        outcome=Outcome.SCORED,
        label=label,
        score=score,
        faces=[FACE | {"score": score}, SMALL_FACE] if "group" in item.name else None,
        sha256=position.to_bytes(32, "big"),
        width=256,
        height=256,
    )


class PretendWorker:
    """Plans and finishes shards through the database, with verdicts that the names ask for."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    def run(self, public_id: str, *, judge: Judge = judge_by_name, shard_size: int = 64) -> None:
        """Take the job to its end."""
        self.plan(public_id, shard_size=shard_size)
        for shard_id in self.waiting(public_id):
            self.finish(shard_id, judge=judge)

    def plan(self, public_id: str, *, shard_size: int = 64) -> None:
        """List the job's source and write its shards; a planned job stays as it is."""
        with self._database.write() as session:
            claim = planning.claim(session, jobs.get(session, public_id).id, lease_s=LEASE_S)
        if claim is None:
            return
        found = list_items(
            source_from_dict(claim.source),
            storage=self._storage,
            unpack_prefix=f"uploads/{public_id}/items",
            limits=LIMITS,
            access=Access(self._storage.uri("")),
        )
        items = [item for item in found if not isinstance(item, LineFault)]
        with self._database.write() as session:
            planning.write_shards(
                session,
                claim,
                first_position=0,
                shards=list(_grouped(items, shard_size)),
                lease_s=LEASE_S,
            )
            planning.finish(session, claim)

    def waiting(self, public_id: str) -> list[int]:
        """Return the job's shards that nobody has finished."""
        with self._database.read() as session:
            query = (
                select(Shard.id)
                .where(Shard.job_id == jobs.get(session, public_id).id)
                .where(Shard.state != ShardState.DONE)
                .order_by(Shard.first_position)
            )
            return list(session.scalars(query))

    def claim(self, shard_id: int) -> ShardClaim:
        """Take a shard in hand; it must be free."""
        return claim_shard(self._database, shard_id, worker="pretend")

    def finish_next(self) -> None:
        """Claim the shard whose turn it is, and commit a verdict for each of its items."""
        with self._database.write() as session:
            claim = claims.claim_next(session, worker="pretend", lease_s=LEASE_S)
        assert claim is not None, "No shard is queued."
        self._commit(claim, judge_by_name)

    def finish(self, shard_id: int, *, judge: Judge = judge_by_name) -> None:
        """Claim a shard and commit a verdict for each of its items."""
        self._commit(self.claim(shard_id), judge)

    def _commit(self, claim: ShardClaim, judge: Judge) -> None:
        found = [
            judge(position, item)
            for position, item in zip(claim.positions, claim.items, strict=True)
        ]
        with self._database.write() as session:
            shards.finish(session, [claim], found, window=WINDOW)


def _grouped(items: list[SourceItem], size: int) -> Iterator[list[SourceItem]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
