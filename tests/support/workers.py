"""A worker without Celery or a model: a pretend detector behind the real scanner and batcher."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from core.access import Access
from core.endings import Endings
from core.errors import ItemError
from core.sources import Limits, SourceItem
from core.storage import Storage, read_bytes
from core.taskqueue import TaskName
from core.terms import ItemCode, Label
from db.session import Database
from detector.decision import Reading
from detector.explain import Heatmap
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from workers.batcher import Batcher
from workers.cancellation import Cancellation
from workers.detectors import Detectors, LoadedDetector
from workers.fetching import SLICES, Fetcher
from workers.laggards import Laggards
from workers.landing import Landing
from workers.leases import LeaseKeeper
from workers.planner import Planner
from workers.recovery import Recovery
from workers.scan import ShardScanner
from workers.scoring import Scorer


class PretendDetector:
    """Scores a file by its first byte: `f` is fake, `r` real; `b` is damaged, `x` a crash.

    Counts the images that were prepared, and those that were forwarded.
    """

    def __init__(self) -> None:
        self.prepared = 0
        self.forwarded = 0
        self.device = "cpu"
        self.finds_faces = False

    def prepare(self, data: bytes) -> Prepared:
        """Return the first byte as an image."""
        self.prepared += 1
        match data[:1]:
            case b"x":
                raise ValueError("an image that breaks the scan")
            case b"b" | b"":
                raise ItemError(ItemCode.UNDECODABLE, "The file is damaged.")
        return Prepared(pixels=np.full((1, 3, 2, 2), data[0], np.uint8), width=2, height=2)

    prepare_whole = prepare

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return +4 for fake and -4 for real."""
        self.forwarded += len(pixels)
        return np.where(pixels[:, 0, 0, 0] == ord("f"), 4, -4).astype(np.float32)

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the label by the margin's sign."""
        return [
            Reading(
                label=Label.FAKE if margin > 0 else Label.REAL, score=0.9 if margin > 0 else 0.1
            )
            for margin in margins
        ]

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:  # noqa: ARG002
        """Explain nothing."""
        return np.zeros((1, 1), np.float32)


def bytes_of_name(item: SourceItem) -> bytes:
    """Return the item's name as its bytes: what a job of `add_job_of` is scored by."""
    return item.name.encode()


@contextmanager
def shard_scanner(
    database: Database,
    queue: RecordingQueue,
    detector: LoadedDetector,
    *,
    max_attempts: int = 3,
    fetch: Callable[[SourceItem], bytes] | None = None,
    remote_s: float = 60,
) -> Iterator[ShardScanner]:
    """Build the real scanner around the pretend detector."""
    batcher = Batcher(max_batch=8, interactive_batch=4, linger_s=0)
    with ThreadPoolExecutor(2) as decoders, ThreadPoolExecutor(2 * SLICES) as downloaders:
        scorer = Scorer(
            database=database,
            detectors=Detectors(lambda _name: detector),
            batcher=batcher,
            decoders=decoders,
            fetcher=Fetcher(
                fetch=fetch or (lambda item: read_bytes(item.uri, max_bytes=1000)),
                local=decoders,
                remote=downloaders,
                stopping=Event(),
                is_stopped=Cancellation(database, look_s=0).is_stopped,
                remote_s=remote_s,
            ),
        )
        yield ShardScanner(
            database=database,
            queue=queue,
            endings=Endings("memory://"),
            scorer=scorer,
            leases=LeaseKeeper(database, lease_s=60, longest_s=600),
            worker="test",
            lease_s=60,
            landing=Landing(max_attempts, shards_in_broker=4, stopping=scorer.fetcher.stopping),
            laggards=Laggards(slots=2),
        )
        batcher.close()


def planner(database: Database, queue: RecordingQueue, storage: Path) -> Planner:
    """Build a planner of shards of four items."""
    return Planner(
        database=database,
        queue=queue,
        storage=Storage(storage.as_uri()),
        limits=Limits(
            max_image_bytes=1000,
            max_archive_items=1000,
            max_archive_bytes=10**6,
            max_manifest_bytes=10**6,
        ),
        access=Access(storage.as_uri()),
        leases=LeaseKeeper(database, lease_s=60, longest_s=600),
        stopping=Event(),
        shard_size=4,
        shards_in_broker=4,
        lease_s=60,
    )


def recovery(database: Database, queue: RecordingQueue, *, interval_s: float = 15) -> Recovery:
    """Build a recovery sweep."""
    return Recovery(
        database=database,
        queue=queue,
        shards_in_broker=4,
        max_attempts=3,
        interval_s=interval_s,
    )


def write_faces(folder: Path, contents: list[bytes]) -> Path:
    """Write one file an item, in order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, content in enumerate(contents):
        (folder / f"{i:04d}.jpg").write_bytes(content)
    return folder


def run_messages(queue: RecordingQueue, planner: Planner, scanner: ShardScanner) -> None:
    """Do what the messages ask for, one after the other, until none is left."""
    while queue.messages:
        message = queue.messages.pop(0)
        if message.task == TaskName.PLAN_JOB:
            planner.plan_waiting()
        elif message.task == TaskName.SCAN_NEXT:
            scanner.scan_bulk()
