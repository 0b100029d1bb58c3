"""The jobs of a server: submit, follow, read their verdicts, cancel, retry, delete."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from client.answers import (
    Job,
    ManifestFault,
    Verdict,
    fault_from,
    job_from,
    verdict_from,
)
from client.download import save
from client.events import Follower, JobEvent
from client.submission import Submission

PAGE_SIZE = 1000


class Jobs(Submission):
    """Reached as `Client(...).jobs`."""

    def get(self, job_id: str) -> Job:
        """Return the job as it stands now."""
        return job_from(self._http.get(f"/v1/jobs/{job_id}"))

    def list(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        priority: str | None = None,
        metadata: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> Iterator[Job]:
        """Yield the jobs, newest first, page after page; `metadata` must all be theirs.

        Times need a time zone; `created_after` itself is included.
        """
        chosen = {
            "state": state,
            "kind": kind,
            "priority": priority,
            "metadata": [f"{key}:{value}" for key, value in (metadata or {}).items()] or None,
            "created_after": created_after and created_after.isoformat(),
            "created_before": created_before and created_before.isoformat(),
        }
        return map(job_from, self._http.get_pages("/v1/jobs", "jobs", chosen))

    def wait(
        self,
        job_id: str,
        *,
        on_progress: Callable[[Job], None] | None = None,
        poll_s: float = 0.5,
    ) -> Job:
        """Wait until nothing more will happen to the job; return how it ended.

        `on_progress` is called with each state seen, the last one included.
        """
        while True:
            job = self.get(job_id)
            if on_progress is not None:
                on_progress(job)
            if job.is_final:
                return job
            time.sleep(poll_s)

    def events(self, job_id: str, *, verdicts: bool = True) -> Iterator[JobEvent]:
        """Yield what happens to the job until its end: progress, and each verdict once.

        A connection that breaks is taken up again behind the last event.
        """
        return Follower(
            self._http, job_id, with_verdicts=verdicts, attempts=self._http.attempts
        ).events()

    def faults(self, job_id: str) -> Iterator[ManifestFault]:
        """Yield the lines of the job's manifest that name no item; the first 1,000 are kept."""
        return map(fault_from, self._http.get_pages(f"/v1/jobs/{job_id}/faults", "faults", {}))

    def verdicts(
        self, job_id: str, *, label: str | None = None, outcome: str | None = None
    ) -> Iterator[Verdict]:
        """Yield the job's verdicts in submission order, page after page."""
        chosen = {"label": label, "outcome": outcome, "limit": PAGE_SIZE}
        path = f"/v1/jobs/{job_id}/verdicts"
        return map(verdict_from, self._http.get_pages(path, "verdicts", chosen))

    def export(
        self,
        job_id: str,
        path: Path,
        *,
        format: str = "csv",
        label: str | None = None,
        outcome: str | None = None,
    ) -> None:
        """Save the job's verdicts as a file: `csv`, `jsonl` or `parquet`, at any size.

        A file at the path is replaced once the new one is whole.
        """
        chosen = {"format": format, "label": label, "outcome": outcome}
        save(self._http, f"/v1/jobs/{job_id}/export", chosen, path)

    def cancel(self, job_id: str) -> Job:
        """Ask the server to stop the job; shards in hand still end."""
        return job_from(self._http.send("POST", f"/v1/jobs/{job_id}/cancel"))

    def retry(self, job_id: str) -> Job:
        """Ask the server to scan the job's failed items again."""
        return job_from(self._http.send("POST", f"/v1/jobs/{job_id}/retry"))

    def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with its verdicts and uploads."""
        self._http.send("DELETE", f"/v1/jobs/{job_id}")
