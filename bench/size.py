"""Measures the job engine at size: `python -m bench.size --database postgres --items 1000000`.

The model is a null engine and the images are synthetic, so what is measured is planning, delivery,
commit and following alone. A warm-up job comes first; its items are not counted.
"""

import argparse
import time
from dataclasses import dataclass

from bench import machine
from bench.installation import Bench, running_bench
from bench.probes import Probes

AFTERWARDS_S = 3.0
SMALL_ITEMS = 10_000
LATE_ITEMS = 10


@dataclass(frozen=True)
class Measurement:
    """What one job showed."""

    items: int
    wall_s: float
    cpu_s: dict[str, float]
    peaks_mib: dict[str, float]
    status_p95_ms: float
    page_p95_ms: float
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


def measure(bench: Bench, items: int) -> Measurement:
    """Run one job of so many items to its end."""
    manifest = bench.write_items(items)
    before_bytes, before_cpu = bench.database_bytes(), bench.cpu_s()
    start = time.perf_counter()
    job_id = bench.submit(manifest)
    with Probes(bench.url, job_id, bench.processes) as probes:
        latecomer_s = _time_latecomer(bench)
        bench.wait(job_id)
        wall_s = time.perf_counter() - start
        cpu_s = {name: s - before_cpu[name] for name, s in bench.cpu_s().items()}
        time.sleep(AFTERWARDS_S)  # the API is asked on, now that the job is done
    return Measurement(
        items=items,
        wall_s=wall_s,
        cpu_s=cpu_s,
        peaks_mib=probes.peaks_mib(),
        status_p95_ms=probes.p95_ms("status"),
        page_p95_ms=probes.p95_ms("first page"),
        bytes_per_verdict=(bench.database_bytes() - before_bytes) / items,
        latecomer_s=latecomer_s,
    )


def _time_latecomer(bench: Bench) -> float:
    """Return how long a job of ten items takes that is made behind the large one, seconds."""
    manifest = bench.write_items(LATE_ITEMS)
    start = time.perf_counter()
    bench.wait(bench.submit(manifest))
    return time.perf_counter() - start


def report(found: Measurement) -> str:
    """Return the measurement as lines for people."""
    parts = ", ".join(f"{name} {1e6 * s / found.items:.0f}" for name, s in found.cpu_s.items())
    memory = ", ".join(f"{name} {mib:.0f}" for name, mib in found.peaks_mib.items())
    return (
        f"{found.items:>9,} items: {found.rate:,.0f} items/s ({found.wall_s:.1f} s)\n"
        f"  processor time per item: {found.cpu_us_per_item:.0f} us ({parts})\n"
        f"  peak resident memory, MiB: {memory}\n"
        f"  p95: status {found.status_p95_ms:.1f} ms, first page {found.page_p95_ms:.1f} ms\n"
        f"  database: {found.bytes_per_verdict:.0f} bytes per verdict\n"
        f"  a job of {LATE_ITEMS} items made behind it: {found.latecomer_s:.1f} s"
    )


def main() -> None:
    """Measure a small job and a large one, and print both with their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print(f"{machine.describe()}\n{given.database}, {given.workers} workers", flush=True)
    with running_bench(given.database, workers=given.workers) as bench:
        measure(bench, SMALL_ITEMS)  # warms up
        small = measure(bench, SMALL_ITEMS)
        print(report(small), flush=True)
        large = measure(bench, given.items)
        print(report(large), flush=True)
    ratio = large.cpu_us_per_item / small.cpu_us_per_item
    print(f"processor time per item, large to small: {ratio:.2f}")


if __name__ == "__main__":
    main()
