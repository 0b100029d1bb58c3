"""Scores a shard's items: fetch, look for the same bytes, decode, forward, interpret.

A bad image is an item's outcome. Items whose bytes cannot be had for the moment, and those that
a stopping worker does not get to, are left without a verdict.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TypeVar

import numpy as np

from core.errors import ItemError, StorageError
from core.sources import SourceItem
from core.terms import ItemCode, Outcome
from db import verdicts
from db.models import Verdict
from db.session import Database
from db.shards import ShardClaim
from db.verdicts import NewVerdict
from workers.batcher import Batcher, Margins, StoppedError
from workers.detectors import Detectors, LoadedDetector
from workers.inflight import InFlight
from workers.item import Item
from workers.patience import patiently

BLOCK_ITEMS = 32  # items fetched, decoded and handed to the batcher together
MAX_POSTPONEMENTS = 20  # with the pauses of `workers.scan`, about a quarter of an hour

SLICES = 8  # of a block, each done by one decoding thread

Fetch = Callable[[SourceItem], bytes]
Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Scores:
    """The verdicts of a shard, in order, and why some items may have none yet."""

    found: list[NewVerdict]
    error: str = ""


@dataclass(frozen=True)
class Scorer:
    """Scores shards; several threads share one. After `stopping` is set, it begins no block."""

    database: Database
    detectors: Detectors
    batcher: Batcher
    decoders: Executor
    fetch: Fetch
    stopping: Event
    in_flight: InFlight = field(default_factory=InFlight)

    def score(self, claim: ShardClaim) -> Scores:
        """Return a verdict for each item that has one; later blocks decode while earlier run."""
        shard = _Shard(self, claim, self.detectors.get(claim.model_version))
        try:
            return shard.score()
        finally:
            shard.release()


@dataclass
class _Shard:
    """One shard in hand."""

    scorer: Scorer
    claim: ShardClaim
    detector: LoadedDetector
    items: list[Item] = field(default_factory=list)
    error: str = ""

    def score(self) -> Scores:
        pending = []
        for start in range(0, len(self.claim.items), BLOCK_ITEMS):
            if self.scorer.stopping.is_set():
                self.error = "The worker that had the shard in hand was stopped."
                break
            pending.append(self._begin(start))
        for block, margins in pending:
            self._interpret(block, margins)
        for item in self.items:
            self._follow(item)
        return Scores([item.verdict for item in self.items if item.has_ended], self.error)

    def release(self) -> None:
        """Tell those who wait for images of this shard that they will not be scored here."""
        for item in self.items:
            self._tell(item)

    def _begin(self, start: int) -> tuple[list[Item], Future[Margins] | None]:
        stop = start + BLOCK_ITEMS
        positions, items = self.claim.positions[start:stop], self.claim.items[start:stop]
        block = self._spread(self._fetch, list(zip(positions, items, strict=True)))
        self.items += block
        self._reuse([item for item in block if item.content is not None])
        todo = [item for item in block if item.content is not None]
        self._spread(self._prepare, todo)
        return todo, self._submit(todo)

    def _spread(self, action: Callable[[Given], Made], given: Sequence[Given]) -> list[Made]:
        """Do it for all of them on the decoding threads, a few a time: each hand-over costs."""
        size = max(1, len(given) // SLICES)
        slices = [given[start : start + size] for start in range(0, len(given), size)]
        done = self.scorer.decoders.map(lambda some: [action(each) for each in some], slices)
        return [made for some in done for made in some]

    def _fetch(self, listed: tuple[int, SourceItem]) -> Item:
        position, source = listed
        item = Item(source, NewVerdict(position, source.name, Outcome.FAILED, source.custom_id))
        if source.fault_code is not None:
            item.fault()
            return item
        try:
            content = self._read(source)
        except ItemError as error:
            item.fail(error)
        except StorageError as error:
            self.error = str(error)
        else:
            item.verdict = replace(item.verdict, sha256=hashlib.sha256(content).digest())
            item.content = content
        return item

    def _read(self, source: SourceItem) -> bytes:
        try:
            return self.scorer.fetch(source)
        except StorageError as error:
            if self.claim.postponements < MAX_POSTPONEMENTS:
                raise
            raise ItemError(ItemCode.FETCH_FAILED, f"{error} It was tried many times.") from error

    def _reuse(self, block: Sequence[Item]) -> None:
        """Take over earlier verdicts, and follow images that are being scored now."""
        for item in block:
            key = (item.sha256, self.claim.model_version_id)
            item.follows = self.scorer.in_flight.join(key)
            item.leads = key if item.follows is None else None
        led = [item for item in block if item.leads is not None]
        earlier = self._earlier([item.sha256 for item in led])
        for item in led:
            if verdict := earlier.get(item.sha256):
                item.reuse(verdict)
                self._tell(item)
        for item in block:
            if item.has_ended or item.follows is not None:
                item.content = None

    def _earlier(self, hashes: Sequence[bytes]) -> dict[bytes, Verdict]:
        if not hashes:
            return {}
        job_id = self.claim.job_id if self.claim.rescan else None

        def find() -> dict[bytes, Verdict]:
            with self.scorer.database.read() as session:
                return verdicts.find_scored(
                    session, hashes, self.claim.model_version_id, job_id=job_id
                )

        return patiently(find, until=self.scorer.stopping)

    def _prepare(self, item: Item) -> None:
        try:
            item.prepared = self.detector.prepare(item.content or b"")
        except ItemError as error:
            item.fail(error)
            self._tell(item)
        finally:
            item.content = None

    def _submit(self, block: Sequence[Item]) -> Future[Margins] | None:
        images = [item.prepared.pixels for item in block if item.prepared is not None]
        if not images:
            return None
        try:
            return self.scorer.batcher.submit(
                self.detector.forward, np.stack(images), interactive=self.claim.interactive
            )
        except StoppedError as error:
            self.error = str(error)
            return None

    def _interpret(self, block: Sequence[Item], margins: Future[Margins] | None) -> None:
        scored = [item for item in block if item.prepared is not None]
        if not scored or margins is None:
            return
        try:
            readings = self.detector.interpret(margins.result())
        except StoppedError as error:
            self.error = str(error)
            return
        for item, reading in zip(scored, readings, strict=True):
            if item.prepared is not None:
                item.score(reading, item.prepared)
            self._tell(item)

    def _follow(self, item: Item) -> None:
        """Take over the leader's verdict; where it has none, score the image after all."""
        if item.follows is None:
            return
        verdict = item.follows.result()
        if verdict is not None:
            item.reuse(verdict)
        elif not self.scorer.stopping.is_set():
            try:
                item.content = self._read(item.source)
            except ItemError as error:
                item.fail(error)
            except StorageError as error:
                self.error = str(error)
            else:
                self._prepare(item)
                self._interpret([item], self._submit([item]))

    def _tell(self, item: Item) -> None:
        if item.leads is not None:
            key, item.leads = item.leads, None
            self.scorer.in_flight.tell(key, item.verdict if item.has_ended else None)
