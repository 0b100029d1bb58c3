"""Puts one worker process together: its database, queue, models, batcher, leases and threads."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from core.access import access_of
from core.cores import usable_cores
from core.endings import Endings
from core.fetching import ItemReader
from core.settings import Settings
from core.taskqueue import TaskQueue
from db import model_versions
from db.migrations import require_current
from db.session import Database
from workers.batcher import Batcher
from workers.cancellation import Cancellation
from workers.detectors import Detectors, Load, LoadedDetector
from workers.explaining import Explainer
from workers.fetching import SLICES, Fetch, Fetcher
from workers.leases import LeaseKeeper
from workers.manifests import ManifestFetcher, fetcher_beside
from workers.niceness import step_back_further
from workers.parts import explainer_of, planner_of, recovery_of, scanner_of, worker_name
from workers.planner import Planner
from workers.recovery import Recovery
from workers.reporting import Reporter, Standing
from workers.retention import Retention, build_retention
from workers.scan import ShardScanner
from workers.scoring import Scorer
from workers.tally import Tally
from workers.tuning import MOST_ON_GPU, BatchSizes, sizes_on_cpu
from workers.watchdog import Watchdog
from workers.webhooks import Deliverer, build_deliverer

INTERACTIVE_BATCH = 8

Tune = Callable[[LoadedDetector, int], int]


@dataclass(frozen=True)
class Runtime:
    """What the tasks of this process use; `close` ends its threads."""

    planner: Planner
    manifests: ManifestFetcher
    scanner: ShardScanner
    recovery: Recovery
    retention: Retention
    deliverer: Deliverer
    explainer: Explainer
    batcher: Batcher
    watchdog: Watchdog
    reporter: Reporter
    decoders: ThreadPoolExecutor
    downloaders: ThreadPoolExecutor
    leases: LeaseKeeper
    database: Database
    stopping: Event

    def stop(self) -> None:
        """Begin no more work; what is in hand is committed as far as it is scored."""
        self.stopping.set()
        self.batcher.stop_bulk()

    def close(self) -> None:
        """Finish what is in hand and release everything."""
        self.batcher.close()
        self.watchdog.close()
        self.decoders.shutdown()
        self.downloaders.shutdown()
        self.leases.close()
        self.reporter.close()
        self.database.close()


def build_runtime(
    settings: Settings,
    queue: TaskQueue,
    load: Load,
    fetch: Fetch | None = None,
    tune: Tune | None = None,
) -> Runtime:
    """Assemble a worker; raises ConfigurationError for a database or model that is not there.

    The champion is loaded before the first task is taken. `tune` finds the size of batches on a
    GPU that no setting names; without it, they are as large as they may be.
    """
    database = Database(settings.database_url, ping=False)  # `patiently` tries again
    database.check()
    require_current(database)
    with database.read() as session:
        champion = model_versions.champion(session).name
    detectors = Detectors(load)
    tally = Tally()
    sizes = _batch_sizes(settings, detectors.get(champion), tune)
    batcher = Batcher(
        max_batch=sizes.alone,
        beside_singles=sizes.beside_singles,
        interactive_batch=INTERACTIVE_BATCH,
        linger_s=settings.batch_linger_ms / 1000,
        tally=tally,
        on_broken=_end_process,
    )
    decoders = ThreadPoolExecutor(
        settings.decode_threads or usable_cores(),
        thread_name_prefix="decode",
        initializer=step_back_further,
    )
    downloaders = ThreadPoolExecutor(
        settings.worker_threads * SLICES, thread_name_prefix="download"
    )
    leases = LeaseKeeper(database, settings.lease_s, longest_s=settings.longest_shard_s)
    stopping = Event()
    access = access_of(settings)
    fetcher = Fetcher(
        fetch=fetch or ItemReader(settings.max_image_bytes, access).read,
        local=decoders,
        remote=downloaders,
        stopping=stopping,
        is_stopped=Cancellation(database).is_stopped,
    )
    scorer = Scorer(database, detectors, batcher, decoders, fetcher)
    endings = Endings(settings.broker_url)
    planner = planner_of(settings, database, queue, access, leases, scorer)
    leases.start()
    watchdog = Watchdog(lambda: batcher.forward_s, timeout_s=settings.device_timeout_s)
    watchdog.start()
    device = detectors.get(champion).device
    reporter = Reporter(
        database, worker_name(), tally, lambda: _standing(device, detectors, batcher)
    )
    reporter.start()
    return Runtime(
        planner=planner,
        manifests=fetcher_beside(planner),
        scanner=scanner_of(settings, database, queue, endings, leases, scorer, tally),
        recovery=recovery_of(settings, database, queue, reporter),
        retention=build_retention(settings, database, stopping=stopping),
        deliverer=build_deliverer(settings, database, stopping=stopping),
        explainer=explainer_of(settings, queue, endings, scorer),
        batcher=batcher,
        watchdog=watchdog,
        reporter=reporter,
        decoders=decoders,
        downloaders=downloaders,
        leases=leases,
        database=database,
        stopping=stopping,
    )


def _end_process() -> None:
    """End as by a SIGTERM, which hands back what is in hand; the supervisor starts another."""
    os.kill(os.getpid(), signal.SIGTERM)


def _batch_sizes(settings: Settings, detector: LoadedDetector, tune: Tune | None) -> BatchSizes:
    if not settings.batch_size and detector.device == "cpu":
        return sizes_on_cpu(settings.torch_threads or usable_cores())
    most = settings.batch_size or (tune(detector, MOST_ON_GPU) if tune else MOST_ON_GPU)
    return BatchSizes(most, most)


def _standing(device: str, detectors: Detectors, batcher: Batcher) -> Standing:
    return Standing(device, list(detectors.held), batcher.max_batch)
