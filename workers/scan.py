"""Scans one shard: claim, fetch, decode, score, commit. Knows no Celery.

A bad image is an item's outcome. Whatever else goes wrong returns the shard to the database,
which counts its attempts.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

import numpy as np

from core.errors import ItemError, ModelUnavailableError
from core.logs import get_logger
from core.sources import SourceItem
from core.taskqueue import TaskQueue
from core.terms import Outcome
from db import shards, verdicts
from db.models import Verdict
from db.session import Database
from db.shards import LeaseLostError, ShardClaim
from db.verdicts import NewVerdict
from detector.detector import Detector
from detector.preprocess import Prepared
from workers.batcher import Batcher, Margins
from workers.detectors import Detectors
from workers.dispatch import dispatch

BLOCK_ITEMS = 16  # items fetched, decoded and handed to the batcher together

log = get_logger(__name__)


@dataclass
class _Item:
    """One item on its way: its verdict so far, and the image until that is scored."""

    verdict: NewVerdict
    content: bytes | None = None
    prepared: Prepared | None = None


@dataclass(frozen=True)
class ShardScanner:
    """Scans shards; several threads share one."""

    database: Database
    queue: TaskQueue
    detectors: Detectors
    batcher: Batcher
    decoders: Executor
    worker: str
    lease_s: float
    max_attempts: int
    fetch: Callable[[SourceItem], bytes]
    shards_in_broker: int

    def scan(self, shard_id: int) -> None:
        """Scan the shard and commit it, unless another worker has it or nobody wants it."""
        with self.database.write() as session:
            claim = shards.claim(session, shard_id, worker=self.worker, lease_s=self.lease_s)
        if claim is None:
            log.info("shard_skipped", shard_id=shard_id)
            return
        try:
            self._scan_claimed(claim)
        except LeaseLostError as error:
            log.warning("lease_lost", shard_id=shard_id, reason=str(error))
        dispatch(self.database, self.queue, claim.job_id, window=self.shards_in_broker)

    def _scan_claimed(self, claim: ShardClaim) -> None:
        try:
            found = self._score(claim)
        except ModelUnavailableError as error:
            log.error("model_unavailable", shard_id=claim.shard_id, reason=str(error))
            with self.database.write() as session:
                shards.postpone(session, claim, error=str(error))
        except Exception as error:  # nothing that one shard does may stop the worker
            log.exception("shard_failed", shard_id=claim.shard_id, attempts=claim.attempts)
            with self.database.write() as session:
                shards.hand_back(
                    session,
                    claim,
                    error=f"{type(error).__name__}: {error}",
                    max_attempts=self.max_attempts,
                )
        else:
            with self.database.write() as session:
                shards.finish(session, claim, found)

    def _score(self, claim: ShardClaim) -> list[NewVerdict]:
        """Return a verdict for each item, in order: later blocks decode while earlier ones run."""
        detector = self.detectors.get(claim.model_version)
        pending: list[tuple[list[_Item], Future[Margins] | None]] = []
        for start in range(0, len(claim.items), BLOCK_ITEMS):
            block = self._fetch_block(claim, start)
            self._reuse(claim, block)
            self._decode_block(detector, block)
            pending.append((block, self._submit(detector, block, claim.interactive)))
        found = []
        for block, margins in pending:
            _interpret(detector, block, margins)
            found += [item.verdict for item in block]
        return found

    def _fetch_block(self, claim: ShardClaim, start: int) -> list[_Item]:
        items = claim.items[start : start + BLOCK_ITEMS]
        positions = range(claim.first_position + start, claim.first_position + start + len(items))
        return list(self.decoders.map(self._fetch, positions, items))

    def _fetch(self, position: int, item: SourceItem) -> _Item:
        verdict = NewVerdict(
            position=position, name=item.name, custom_id=item.custom_id, outcome=Outcome.FAILED
        )
        if item.fault_code is not None:
            return _Item(replace(verdict, code=item.fault_code, message=item.fault_message))
        try:
            content = self.fetch(item)
        except ItemError as error:
            return _Item(_ended(verdict, error))
        return _Item(replace(verdict, sha256=hashlib.sha256(content).digest()), content)

    def _reuse(self, claim: ShardClaim, block: list[_Item]) -> None:
        hashes = [item.verdict.sha256 for item in block if item.verdict.sha256]
        if not hashes:
            return
        with self.database.read() as session:
            earlier = verdicts.find_scored(session, hashes, claim.model_version_id)
        for item in block:
            if item.verdict.sha256 and (verdict := earlier.get(item.verdict.sha256)):
                item.verdict = _reused(item.verdict, verdict)

    def _decode_block(self, detector: Detector, block: list[_Item]) -> None:
        todo = [item for item in block if item.content is not None and not item.verdict.reused]
        for item, prepared in zip(
            todo, self.decoders.map(lambda item: _prepare(detector, item), todo), strict=True
        ):
            item.prepared = prepared
        for item in block:
            item.content = None

    def _submit(
        self, detector: Detector, block: list[_Item], interactive: bool
    ) -> Future[Margins] | None:
        images = [item.prepared.pixels for item in block if item.prepared is not None]
        if not images:
            return None
        return self.batcher.submit(detector.forward, np.stack(images), interactive=interactive)


def _prepare(detector: Detector, item: _Item) -> Prepared | None:
    try:
        return detector.prepare(item.content or b"")
    except ItemError as error:
        item.verdict = _ended(item.verdict, error)
        return None


def _interpret(detector: Detector, block: list[_Item], margins: Future[Margins] | None) -> None:
    if margins is None:
        return
    scored = [(item, item.prepared) for item in block if item.prepared is not None]
    readings = detector.interpret(margins.result())
    for (item, prepared), reading in zip(scored, readings, strict=True):
        item.verdict = replace(
            item.verdict,
            outcome=Outcome.SCORED,
            label=reading.label,
            score=reading.score,
            width=prepared.width,
            height=prepared.height,
        )
        item.prepared = None


def _ended(verdict: NewVerdict, error: ItemError) -> NewVerdict:
    return replace(verdict, outcome=error.outcome, code=error.code, message=error.message)


def _reused(verdict: NewVerdict, earlier: NewVerdict | Verdict) -> NewVerdict:
    return replace(
        verdict,
        outcome=earlier.outcome,
        label=earlier.label,
        score=earlier.score,
        faces=earlier.faces,
        width=earlier.width,
        height=earlier.height,
        reused=True,
    )
