"""The parts of a worker, each assembled as the settings say."""

import os
import socket

from core.access import Access
from core.endings import Endings
from core.settings import Settings
from core.sources import Limits
from core.storage import Storage
from core.taskqueue import TaskQueue
from db.session import Database
from workers.explaining import Explainer
from workers.laggards import Laggards
from workers.landing import Landing
from workers.leases import LeaseKeeper
from workers.planner import Planner
from workers.recovery import Recovery
from workers.reporting import Reporter
from workers.scan import ShardScanner
from workers.scoring import Scorer
from workers.tally import Tally


def worker_name() -> str:
    """Return the name of this process, for its leases and reports."""
    return f"{socket.gethostname()}:{os.getpid()}"


def scanner_of(
    settings: Settings,
    database: Database,
    queue: TaskQueue,
    endings: Endings,
    leases: LeaseKeeper,
    scorer: Scorer,
    tally: Tally,
) -> ShardScanner:
    """Assemble what scans shards."""
    return ShardScanner(
        database=database,
        queue=queue,
        endings=endings,
        scorer=scorer,
        leases=leases,
        worker=worker_name(),
        lease_s=settings.lease_s,
        landing=Landing(settings.max_attempts, settings.shards_in_broker, scorer.fetcher.stopping),
        laggards=Laggards(settings.worker_threads),
        tally=tally,
    )


def explainer_of(
    settings: Settings, queue: TaskQueue, endings: Endings, scorer: Scorer
) -> Explainer:
    """Assemble what makes heatmaps, with the models and the storage of the scorer."""
    return Explainer(
        database=scorer.database,
        queue=queue,
        storage=Storage(settings.storage_url),
        endings=endings,
        detectors=scorer.detectors,
        fetch=scorer.fetcher.fetch,
        stopping=scorer.fetcher.stopping,
    )


def planner_of(
    settings: Settings,
    database: Database,
    queue: TaskQueue,
    access: Access,
    leases: LeaseKeeper,
    scorer: Scorer,
) -> Planner:
    """Assemble what plans jobs."""
    return Planner(
        database=database,
        queue=queue,
        storage=Storage(settings.storage_url),
        limits=Limits(
            max_image_bytes=settings.max_image_bytes,
            max_archive_items=settings.max_archive_items,
            max_archive_bytes=settings.max_archive_bytes,
            max_manifest_bytes=settings.max_upload_bytes,
        ),
        access=access,
        leases=leases,
        stopping=scorer.fetcher.stopping,
        shard_size=settings.shard_size,
        shards_in_broker=settings.shards_in_broker,
        lease_s=settings.lease_s,
        precedence=scorer.precedence,
    )


def recovery_of(
    settings: Settings, database: Database, queue: TaskQueue, reporter: Reporter
) -> Recovery:
    """Assemble the sweep; while reports fail, it takes no lease for a dead worker's."""
    return Recovery(
        database=database,
        queue=queue,
        shards_in_broker=settings.shards_in_broker,
        max_attempts=settings.max_attempts,
        interval_s=settings.recovery_interval_s,
        was_away=lambda: reporter.failed_within(settings.lease_s),
    )
