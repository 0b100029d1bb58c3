"""Measures the job engine at size: `python -m bench.size --database postgres --items 1000000`.

The model is a null engine and the images are synthetic, so what is measured is planning, delivery,
commit and following alone. A warm-up job comes first; its items are not counted.
"""

import argparse
import threading
import time
from dataclasses import asdict, dataclass

from bench import machine, results
from bench.installation import Bench, running_bench
from bench.probes import Probes

AFTERWARDS_S = 10.0
POLL_S = 0.5
SMALL_ITEMS = 10_000
LATE_ITEMS = 10
DISTINCT = 100  # pictures in the job of copies


@dataclass(frozen=True)
class Measurement:
    """What one job showed; `latecomer_s` is how long a job of ten items took behind it."""

    what: str
    items: int
    wall_s: float
    cpu_s: dict[str, float]
    peaks_mib: dict[str, float]
    p95_ms: dict[str, float]
    bytes_per_verdict: float
    latecomer_s: float

    @property
    def rate(self) -> float:
        """Items a second, from the request to the job's end."""
        return self.items / self.wall_s

    @property
    def cpu_us_per_item(self) -> float:
        """Processor time that all processes took for one item, microseconds."""
        return 1e6 * sum(self.cpu_s.values()) / self.items


def measure(bench: Bench, what: str, items: int, *, distinct: int | None = None) -> Measurement:
    """Run one job of so many items to its end."""
    manifest = bench.write_items(items, distinct=distinct)
    before_bytes, before_cpu = bench.database_bytes(), bench.cpu_s()
    start = time.perf_counter()
    job_id = bench.submit(manifest)
    latecomer = Latecomer(bench, job_id, after=items // 2)
    with Probes(bench.url, job_id, bench.processes) as probes, latecomer:
        bench.wait(job_id)
        wall_s = time.perf_counter() - start
        cpu_s = {name: s - before_cpu[name] for name, s in bench.cpu_s().items()}
        probes.phase = "after"
        time.sleep(AFTERWARDS_S)
    return Measurement(
        what=what,
        items=items,
        wall_s=wall_s,
        cpu_s=cpu_s,
        peaks_mib=probes.peaks_mib(),
        p95_ms=probes.p95_ms(),
        bytes_per_verdict=(bench.database_bytes() - before_bytes) / items,
        latecomer_s=latecomer.took_s,
    )


class Latecomer:
    """A small job that is made when so many items of the large one have ended."""

    def __init__(self, bench: Bench, job_id: str, *, after: int) -> None:
        self._bench, self._job_id, self._after = bench, job_id, after
        self._manifest = bench.write_items(LATE_ITEMS)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.took_s = float("nan")

    def __enter__(self) -> "Latecomer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        while self._bench.client.jobs.get(self._job_id).counters.ended < self._after:
            time.sleep(POLL_S)
        start = time.perf_counter()
        self._bench.wait(self._bench.submit(self._manifest))
        self.took_s = time.perf_counter() - start


def report(found: Measurement) -> str:
    """Return the measurement as lines for people."""
    parts = ", ".join(f"{name} {1e6 * s / found.items:.0f}" for name, s in found.cpu_s.items())
    memory = ", ".join(f"{name} {mib:.0f}" for name, mib in found.peaks_mib.items())
    latencies = ", ".join(f"{name} {ms:.1f}" for name, ms in found.p95_ms.items())
    return (
        f"{found.what}, {found.items:,} items: {found.rate:,.0f} items/s ({found.wall_s:.1f} s)\n"
        f"  processor time per item, us: {found.cpu_us_per_item:.0f} ({parts})\n"
        f"  peak resident memory, MiB: {memory}\n"
        f"  p95, ms: {latencies}\n"
        f"  database, bytes per verdict: {found.bytes_per_verdict:.0f}\n"
        f"  a job of {LATE_ITEMS} items, made half-way, took {found.latecomer_s:.1f} s"
    )


def compare(small: Measurement, large: Measurement) -> str:
    """Return how what a large job costs relates to what a small one does."""
    cost = large.cpu_us_per_item / small.cpu_us_per_item
    growth = ", ".join(
        f"{name} {large.peaks_mib[name] - mib:+.0f}" for name, mib in small.peaks_mib.items()
    )
    return (
        f"large to small: processor time per item {cost:.2f}, time per item "
        f"{small.rate / large.rate:.2f}; memory, MiB: {growth}"
    )


def main() -> None:
    """Measure a small job, a large one and one of copies, and print and keep what they showed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    opening = f"{machine.describe()}\n{given.database}, {given.workers} workers"
    lines, found = [opening], []
    print(opening, flush=True)
    with running_bench(given.database, workers=given.workers) as bench:
        measure(bench, "warm-up", SMALL_ITEMS)
        for what, items, distinct in (
            ("small", SMALL_ITEMS, None),
            ("large", given.items, None),
            (f"copies of {DISTINCT} images", given.items // 10, DISTINCT),
        ):
            found.append(measure(bench, what, items, distinct=distinct))
            lines.append(report(found[-1]))
            print(lines[-1], flush=True)
    lines.append(compare(found[0], found[1]))
    print(lines[-1])
    results.keep(
        f"size-{given.database}",
        {"workers": given.workers, "jobs": [asdict(one) for one in found]},
        results.as_printed(lines),
    )


if __name__ == "__main__":
    main()
