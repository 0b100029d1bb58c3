"""Watches a job while it runs: how fast the API answers, how much memory each process holds."""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import numpy as np
import psutil

INTERVAL_S = 0.5  # the load of somebody who watches; what measures must cost little


@dataclass
class Probes:
    """Reads the job and its first page of verdicts again and again, from one thread.

    Latencies are kept by request and `phase`, which whoever holds the probes moves on.
    """

    url: str
    job_id: str
    processes: Mapping[str, psutil.Process]
    phase: str = "while it runs"
    latencies_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    peak_bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Probes":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def p95_ms(self) -> dict[str, float]:
        """Return the 95th percentile of the latencies of each request in each phase, ms."""
        return {
            name: 1000 * float(np.percentile(latencies, 95))
            for name, latencies in sorted(self.latencies_s.items())
        }

    def peaks_mib(self) -> dict[str, float]:
        """Return the most resident memory that each process had, MiB."""
        return {name: peak / 2**20 for name, peak in sorted(self.peak_bytes.items())}

    def _run(self) -> None:
        with httpx.Client(base_url=self.url, trust_env=False) as client:
            while not self._stop.wait(INTERVAL_S):
                self._time(client, "status", f"/v1/jobs/{self.job_id}")
                self._time(client, "first page", f"/v1/jobs/{self.job_id}/verdicts?limit=100")
                for name, process in self.processes.items():
                    resident = process.memory_info().rss
                    self.peak_bytes[name] = max(self.peak_bytes[name], resident)

    def _time(self, client: httpx.Client, name: str, path: str) -> None:
        start, phase = time.perf_counter(), self.phase
        client.get(path).raise_for_status()
        self.latencies_s[f"{name} {phase}"].append(time.perf_counter() - start)
