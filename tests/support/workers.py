"""A worker without Celery or a model: a pretend detector behind the real scanner and batcher."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.access import Access
from core.errors import ItemError
from core.sources import Limits
from core.storage import Storage, read_bytes
from core.terms import ItemCode, Label
from db.session import Database
from detector.detector import Detector, Reading
from detector.preprocess import Prepared
from tests.support.queue import RecordingQueue
from workers.batcher import Batcher
from workers.detectors import Detectors
from workers.planner import Planner
from workers.recovery import Recovery
from workers.scan import ShardScanner


class PretendDetector:
    """Scores a file by its first byte: `f` is fake, `r` real; `b` is damaged, `x` a crash."""

    def __init__(self) -> None:
        self.prepared = 0

    def prepare(self, data: bytes) -> Prepared:
        """Return the first byte as an image."""
        self.prepared += 1
        match data[:1]:
            case b"x":
                raise ValueError("an image that breaks the scan")
            case b"b" | b"":
                raise ItemError(ItemCode.UNDECODABLE, "The file is damaged.")
        return Prepared(pixels=np.full((3, 2, 2), data[0], np.uint8), width=2, height=2)

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return +4 for fake and -4 for real."""
        return np.where(pixels[:, 0, 0, 0] == ord("f"), 4, -4).astype(np.float32)

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the label by the margin's sign."""
        return [
            Reading(
                label=Label.FAKE if margin > 0 else Label.REAL, score=0.9 if margin > 0 else 0.1
            )
            for margin in margins
        ]


@contextmanager
def shard_scanner(
    database: Database, queue: RecordingQueue, detector: PretendDetector, *, max_attempts: int = 3
) -> Iterator[ShardScanner]:
    """Build the real scanner around the pretend detector."""
    batcher = Batcher(max_batch=8, interactive_batch=4, linger_s=0)
    with ThreadPoolExecutor(2) as decoders:
        yield ShardScanner(
            database=database,
            queue=queue,
            detectors=Detectors(lambda _name: cast(Detector, detector)),
            batcher=batcher,
            decoders=decoders,
            worker="test",
            lease_s=60,
            max_attempts=max_attempts,
            fetch=lambda item: read_bytes(item.uri, max_bytes=1000),
            shards_in_broker=4,
        )
        batcher.close()


def planner(database: Database, queue: RecordingQueue, storage: Path) -> Planner:
    """Build a planner of shards of four items."""
    return Planner(
        database=database,
        queue=queue,
        storage=Storage(storage.as_uri()),
        limits=Limits(max_image_bytes=1000, max_archive_items=1000, max_archive_bytes=10**6),
        access=Access(storage.as_uri()),
        shard_size=4,
        shards_in_broker=4,
        lease_s=60,
        max_attempts=3,
    )


def recovery(database: Database, queue: RecordingQueue, *, interval_s: float = 15) -> Recovery:
    """Build a recovery sweep."""
    return Recovery(
        database=database,
        queue=queue,
        shards_in_broker=4,
        max_attempts=3,
        interval_s=interval_s,
        lease_s=120,
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
        if message.task == "fakesweep.plan_job":
            planner.plan(message.id)
        else:
            scanner.scan(message.id)
