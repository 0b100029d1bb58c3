"""Scores the items of shards in hand: look for the same bytes, decode, forward, interpret.

A bad image is an item's outcome. Items whose bytes cannot be had for the moment, and those that
a stopping worker does not get to, are left without a verdict.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from core.errors import ItemError
from core.terms import FaceMode
from db.claims import ShardClaim
from db.session import Database
from db.verdicts import NewVerdict
from workers.batcher import Batcher
from workers.batches import Margins, StoppedError
from workers.detectors import Detectors, LoadedDetector
from workers.fetching import Fetcher, HandfulFetch, spread
from workers.handful import Handful
from workers.inflight import Flight, InFlight
from workers.item import Item
from workers.precedence import Precedence
from workers.reuse import Reuse


@dataclass(frozen=True)
class Scores:
    """The verdicts of a handful, in order, and why some items may have none yet.

    `is_late` tells that its images come too slowly to be waited for, `is_away` that storage did
    not answer for some.
    """

    found: list[NewVerdict]
    error: str = ""
    is_late: bool = False
    is_away: bool = False

    def of(self, claim: ShardClaim) -> list[NewVerdict]:
        """Return the verdicts of one of the shards."""
        positions = set(claim.positions)
        return [verdict for verdict in self.found if verdict.position in positions]


@dataclass(frozen=True)
class Scorer:
    """Scores handfuls of shards; several threads share one."""

    database: Database
    detectors: Detectors
    batcher: Batcher
    decoders: Executor
    fetcher: Fetcher
    in_flight: InFlight = field(default_factory=InFlight)
    precedence: Precedence = field(default_factory=Precedence)

    @contextmanager
    def scoring(self, handful: Handful) -> Iterator[Scores]:
        """Give a verdict for each item that has one, to be committed in the block.

        Until its end, whoever comes with the same bytes takes these verdicts, stored or not.
        """
        claim = handful.first
        detector = self.detectors.get(claim.model_version)
        by_faces = detector.finds_faces and claim.faces != FaceMode.OFF
        reuse = Reuse(self.database, self.in_flight, claim, by_faces, self.fetcher.stopping)
        in_hand = _InHand(self, claim, self.fetcher.of(handful), detector, reuse)
        try:
            yield in_hand.score()
        finally:
            reuse.leave(in_hand.items)


@dataclass
class _InHand:
    """One handful; its first shard, `claim`, stands for what all have in common."""

    scorer: Scorer
    claim: ShardClaim
    source: HandfulFetch
    detector: LoadedDetector
    reuse: Reuse
    items: list[Item] = field(default_factory=list)
    error: str = ""

    def score(self) -> Scores:
        """Score block by block; later ones are decoded while earlier ones run."""
        pending = [self._begin(block) for block in self._blocks()]
        for block, margins in pending:
            self._interpret(block, margins)
        # Whoever follows images that were not scored here must not wait for us any longer: we may
        # be about to wait for theirs.
        self.reuse.leave([item for item in self.items if not item.has_ended])
        for item in self.items:
            if item.flight is not None and not item.leads:
                self._follow(item, item.flight)
        self.items.sort(key=attrgetter("position"))
        found = [item.verdict for item in self.items if item.verdict is not None]
        source = self.source
        return Scores(found, self.error or source.error, source.is_late, source.is_away)

    def _blocks(self) -> Iterator[list[Item]]:
        """Yield what was fetched: of a single shard, as soon as the device has use for it.

        Where several are taken at once, the device is fast, and must never wait for decoding.
        """
        for block in self.source.blocks():
            if not self.claim.interactive:
                if self.source.handful.is_single:
                    self.scorer.batcher.wait_for_room()
                self.scorer.precedence.give_way()
            yield block

    def _begin(self, block: list[Item]) -> tuple[list[Item], Future[Margins] | None]:
        self.items += block
        self.reuse.find([item for item in block if item.content is not None])
        todo = [item for item in block if item.content is not None]
        if self.claim.interactive:  # not behind the images of bulk shards, on their threads
            for item in todo:
                self._prepare(item)
        else:
            spread(self.scorer.decoders, self._prepare, todo)
        return todo, None if self.source.is_unwanted() else self._submit(todo)

    def _prepare(self, item: Item) -> None:
        if self.source.is_unwanted():
            item.content = None
            return
        by_faces = self.reuse.by_faces or not self.detector.finds_faces
        prepare = self.detector.prepare if by_faces else self.detector.prepare_whole
        try:
            item.prepared = prepare(item.content or b"")
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
                self.detector.forward, np.concatenate(images), interactive=self.claim.interactive
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
        start = 0
        for item in scored:
            if item.prepared is not None:
                stop = start + len(item.prepared.pixels)
                item.score(readings[start:stop], item.prepared)
                start = stop
            self.reuse.tell(item)

    def _follow(self, item: Item, flight: Flight) -> None:
        """Take over the leader's verdict; where it has none, score the image after all."""
        verdict = flight.wait()
        if verdict is not None:
            item.reuse(verdict)
        elif not self.source.must_stop():
            self.source.read(item)
            if item.content is not None:
                self._prepare(item)
                self._interpret([item], self._submit([item]))
