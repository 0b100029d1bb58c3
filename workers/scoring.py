"""Scores a shard's items: fetch, look for the same bytes, decode, forward, interpret.

A bad image is an item's outcome. Items whose bytes cannot be had for the moment, and those that
a stopping worker does not get to, are left without a verdict.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

import numpy as np

from core.errors import ItemError, StorageError
from core.sources import SourceItem
from core.terms import ItemCode, Outcome
from db.session import Database
from db.shards import ShardClaim
from db.verdicts import NewVerdict
from workers.batcher import Batcher, Margins, StoppedError
from workers.detectors import Detectors, LoadedDetector
from workers.inflight import Flight, InFlight
from workers.item import Item
from workers.reuse import Reuse

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

    @contextmanager
    def scoring(self, claim: ShardClaim) -> Iterator[Scores]:
        """Give a verdict for each item that has one, to be committed in the block.

        Until its end, whoever comes with the same bytes takes these verdicts, stored or not.
        """
        reuse = Reuse(self.database, self.in_flight, claim, self.stopping)
        shard = _Shard(self, claim, self.detectors.get(claim.model_version), reuse)
        try:
            yield shard.score()
        finally:
            reuse.leave(shard.items)


@dataclass
class _Shard:
    """One shard in hand."""

    scorer: Scorer
    claim: ShardClaim
    detector: LoadedDetector
    reuse: Reuse
    items: list[Item] = field(default_factory=list)
    error: str = ""

    def score(self) -> Scores:
        """Score block by block; later ones are decoded while earlier ones run."""
        pending = []
        for start in range(0, len(self.claim.items), BLOCK_ITEMS):
            if self._must_stop():
                break
            pending.append(self._begin(start))
        for block, margins in pending:
            self._interpret(block, margins)
        # Whoever follows images that were not scored here must not wait for us any longer: we may
        # be about to wait for theirs.
        self.reuse.leave([item for item in self.items if not item.has_ended])
        for item in self.items:
            if item.flight is not None and not item.leads:
                self._follow(item, item.flight)
        return Scores([item.verdict for item in self.items if item.has_ended], self.error)

    def _must_stop(self) -> bool:
        """Tell whether the rest is left to another worker; a single scan is done at once."""
        if self.claim.interactive or not self.scorer.stopping.is_set():
            return False
        self.error = "The worker that had the shard in hand was stopped."
        return True

    def _begin(self, start: int) -> tuple[list[Item], Future[Margins] | None]:
        stop = start + BLOCK_ITEMS
        positions, items = self.claim.positions[start:stop], self.claim.items[start:stop]
        block = self._spread(self._fetch, list(zip(positions, items, strict=True)))
        self.items += block
        self.reuse.find([item for item in block if item.content is not None])
        todo = [item for item in block if item.content is not None]
        self._spread(self._prepare, todo)
        return todo, self._submit(todo)

    def _spread(self, action: Callable[[Given], Made], given: Sequence[Given]) -> list[Made]:
        """Do it for all of them on the decoding threads, a few a time: each hand-over costs.

        A single scan does not wait for those threads, which bulk shards keep busy.
        """
        if self.claim.interactive:
            return [action(each) for each in given]
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
        self._read(item)
        return item

    def _read(self, item: Item) -> None:
        """Fetch the item's bytes; when they cannot be had now, they can later, up to a limit."""
        try:
            item.take(self.scorer.fetch(item.source))
        except ItemError as error:
            item.fail(error)
        except StorageError as error:
            if self.claim.postponements < MAX_POSTPONEMENTS:
                self.error = str(error)
                return
            sentence = f"{error} It was tried many times."
            item.fail(ItemError(ItemCode.FETCH_FAILED, sentence))

    def _prepare(self, item: Item) -> None:
        try:
            item.prepared = self.detector.prepare(item.content or b"")
        except ItemError as error:
            item.fail(error)
            self.reuse.tell(item)
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
            self.reuse.tell(item)

    def _follow(self, item: Item, flight: Flight) -> None:
        """Take over the leader's verdict; where it has none, score the image after all."""
        verdict = flight.verdict.result()
        if verdict is not None:
            item.reuse(verdict)
        elif not self._must_stop():
            self._read(item)
            if item.content is not None:
                self._prepare(item)
                self._interpret([item], self._submit([item]))
