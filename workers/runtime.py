"""Puts one worker process together: its database, queue, device, models, batcher and threads."""

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from core.access import Access, access_of
from core.fetching import ItemReader
from core.logs import get_logger
from core.registry import Registry
from core.settings import Settings
from core.sources import Limits
from core.storage import Storage
from core.taskqueue import TaskQueue
from db import model_versions
from db.migrations import require_current
from db.session import Database
from detector.detector import Detector
from detector.preprocess import DecodeLimits
from workers.batcher import Batcher
from workers.detectors import Detectors
from workers.planner import Planner
from workers.recovery import Recovery
from workers.retention import Retention, build_retention
from workers.scan import ShardScanner

INTERACTIVE_BATCH = 8
BATCH_ON_CPU = 16
BATCH_ON_GPU = 256

log = get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    """What the tasks of this process use; `close` ends its threads."""

    planner: Planner
    scanner: ShardScanner
    recovery: Recovery
    retention: Retention
    batcher: Batcher
    decoders: ThreadPoolExecutor
    database: Database

    def close(self) -> None:
        """Finish what is in hand and release everything."""
        self.batcher.close()
        self.decoders.shutdown()
        self.database.close()


def build_runtime(settings: Settings, queue: TaskQueue) -> Runtime:
    """Assemble a worker; raises ConfigurationError for a database or model that is not there.

    The champion is loaded and warmed up before the first task is taken.
    """
    database = Database(settings.database_url)
    database.check()
    require_current(database)
    with database.read() as session:
        champion = model_versions.champion(session).name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(settings.torch_threads or cores or 1)
    detectors = Detectors(_loader(settings))
    on_gpu = detectors.get(champion).device != "cpu"
    batcher = Batcher(
        max_batch=settings.batch_size or (BATCH_ON_GPU if on_gpu else BATCH_ON_CPU),
        interactive_batch=INTERACTIVE_BATCH,
        linger_s=settings.batch_linger_ms / 1000,
    )
    decoders = ThreadPoolExecutor(settings.decode_threads or cores, thread_name_prefix="decode")
    access = access_of(settings)
    scanner = ShardScanner(
        database=database,
        queue=queue,
        detectors=detectors,
        batcher=batcher,
        decoders=decoders,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        lease_s=settings.lease_s,
        max_attempts=settings.max_attempts,
        fetch=ItemReader(settings.max_image_bytes, access).read,
        shards_in_broker=settings.shards_in_broker,
    )
    return Runtime(
        planner=_planner(settings, database, queue, access),
        scanner=scanner,
        recovery=_recovery(settings, database, queue),
        retention=build_retention(settings, database),
        batcher=batcher,
        decoders=decoders,
        database=database,
    )


def _loader(settings: Settings) -> Callable[[str], Detector]:
    registry = Registry(settings.registry_dir)
    limits = DecodeLimits(max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels)

    def load(model_version: str) -> Detector:
        files = registry.get(model_version)
        detector = Detector.load(files.path, device=settings.device, limits=limits)
        detector.warm_up()
        return detector

    return load


def _planner(settings: Settings, database: Database, queue: TaskQueue, access: Access) -> Planner:
    return Planner(
        database=database,
        queue=queue,
        storage=Storage(settings.storage_url),
        limits=Limits(
            max_image_bytes=settings.max_image_bytes,
            max_archive_items=settings.max_archive_items,
            max_archive_bytes=settings.max_archive_bytes,
        ),
        access=access,
        shard_size=settings.shard_size,
        shards_in_broker=settings.shards_in_broker,
        lease_s=settings.lease_s,
        max_attempts=settings.max_attempts,
    )


def _recovery(settings: Settings, database: Database, queue: TaskQueue) -> Recovery:
    return Recovery(
        database=database,
        queue=queue,
        shards_in_broker=settings.shards_in_broker,
        max_attempts=settings.max_attempts,
        interval_s=settings.recovery_interval_s,
        lease_s=settings.lease_s,
    )
