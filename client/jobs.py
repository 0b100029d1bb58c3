"""The jobs of a server: submit, follow, read their verdicts, cancel."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx

from client.answers import Job, Verdict, job_from, verdict_from
from client.download import save
from client.http import Http
from client.upload import Part, parts

PAGE_SIZE = 1000


class Jobs:
    """Reached as `Client(...).jobs`."""

    def __init__(self, http: Http, *, upload_timeout: httpx.Timeout) -> None:
        self._http = http
        self._upload_timeout = upload_timeout

    def submit_folder(self, path: str | Path) -> Job:
        """Scan a folder that lies on the server, under one of the roots that it allows."""
        body = {"source": {"type": "folder", "path": str(path)}}
        return job_from(self._http.send("POST", "/v1/jobs", json=body))

    def submit_files(self, paths: Iterable[Path], *, root: Path | None = None) -> Job:
        """Upload the files, streamed from disk, and scan them.

        Items are named by their path under `root`, or by their file name alone.
        """
        return self._upload(parts("files", paths, root=root))

    def submit_archive(self, path: Path) -> Job:
        """Upload one zip or tar archive of images, and scan its members."""
        return self._upload(parts("archive", [path]))

    def get(self, job_id: str) -> Job:
        """Return the job as it stands now."""
        return job_from(self._http.get(f"/v1/jobs/{job_id}"))

    def list(self, *, state: str | None = None, kind: str | None = None) -> Iterator[Job]:
        """Yield the jobs, newest first, page after page."""
        chosen = {"state": state, "kind": kind}
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

    def _upload(self, files: Iterable[Part]) -> Job:
        answer = self._http.send(
            "POST", "/v1/jobs", files=list(files), timeout=self._upload_timeout
        )
        return job_from(answer)
