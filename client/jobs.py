"""The jobs of a server: submit, follow, read their verdicts, cancel, retry, delete."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from client.answers import Feedback, Job, JobRef, ManifestFault, Verdict
from client.download import save
from client.following import AsyncFollowing, path_of
from client.job_options import DEFAULT, JobOptions
from client.reading import fault_from, feedback_from, job_from, verdict_from
from client.sources import Archive, Files, Manifest, Prefix, Source, Urls, recognised
from client.submission import AsyncSubmission
from client.upload import Sent

PAGE_SIZE = 1000


class AsyncJobs(AsyncSubmission, AsyncFollowing):
    """Reached as `AsyncClient(...).jobs`. A job is given as such, or by its id."""

    async def submit(
        self,
        source: Source,
        *,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
        on_progress: Sent | None = None,
    ) -> Job:
        """Scan what is given; the other `submit_...` say which it is, this one looks at it.

        Uploaded are a file or a folder on this machine, several files, an archive (by its
        ending), and a manifest (`.csv`, `.jsonl`). URIs are read by the server: a manifest by the
        same endings, https URLs of images, and otherwise a prefix. Raises InvalidSource.
        """
        match recognised(source):
            case Files(files, root):
                made = self.submit_files(
                    files,
                    root=root,
                    options=options,
                    idempotency_key=idempotency_key,
                    on_progress=on_progress,
                )
            case Archive(path):
                made = self.submit_archive(
                    path,
                    options=options,
                    idempotency_key=idempotency_key,
                    on_progress=on_progress,
                )
            case Manifest(place):
                made = self.submit_manifest(
                    place,
                    options=options,
                    idempotency_key=idempotency_key,
                    on_progress=on_progress,
                )
            case Prefix(uri):
                made = self.submit_prefix(uri, options=options, idempotency_key=idempotency_key)
            case Urls(urls):
                made = self.submit_urls(urls, options=options, idempotency_key=idempotency_key)
        return await made

    async def get(self, job: JobRef) -> Job:
        """Return the job as it stands now."""
        return job_from(await self._http.get(path_of(job)))

    async def list(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        priority: str | None = None,
        metadata: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
    ) -> AsyncGenerator[Job]:
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
        async for job in self._http.get_pages("/v1/jobs", "jobs", chosen):
            yield job_from(job)

    async def faults(self, job: JobRef) -> AsyncGenerator[ManifestFault]:
        """Yield the lines of the job's manifest that name no item; the first 1,000 are kept."""
        async for fault in self._http.get_pages(f"{path_of(job)}/faults", "faults", {}):
            yield fault_from(fault)

    async def feedback(self, job: JobRef) -> AsyncGenerator[Feedback]:
        """Yield what people say of the job's verdicts, in submission order."""
        chosen = {"limit": PAGE_SIZE}
        async for said in self._http.get_pages(f"{path_of(job)}/feedback", "feedback", chosen):
            yield feedback_from(said)

    async def verdicts(
        self,
        job: JobRef,
        *,
        label: str | None = None,
        outcome: str | None = None,
        code: str | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
    ) -> AsyncGenerator[Verdict]:
        """Yield the job's verdicts in submission order, page after page.

        The bounds of the score are included.
        """
        chosen = {
            "label": label,
            "outcome": outcome,
            "code": code,
            "min_score": min_score,
            "max_score": max_score,
            "limit": PAGE_SIZE,
        }
        async for verdict in self._http.get_pages(f"{path_of(job)}/verdicts", "verdicts", chosen):
            yield verdict_from(verdict)

    async def export(
        self,
        job: JobRef,
        path: str | Path,
        *,
        format: str = "csv",
        label: str | None = None,
        outcome: str | None = None,
    ) -> None:
        """Save the job's verdicts as a file: `csv`, `jsonl` or `parquet`, at any size.

        A file at the path is replaced once the new one is whole.
        """
        chosen = {"format": format, "label": label, "outcome": outcome}
        await save(self._http, f"{path_of(job)}/export", chosen, Path(path))

    async def cancel(self, job: JobRef) -> Job:
        """Ask the server to stop the job; what is scored by then stays."""
        return job_from(await self._http.insist("POST", f"{path_of(job)}/cancel"))

    async def retry(self, job: JobRef, *, code: str | Sequence[str] | None = None) -> Job:
        """Ask the server to scan the job's failed items again.

        With a code or several, such as "fetch_failed", only those that failed with one of them.
        """
        chosen = {"code": [code] if isinstance(code, str) else list(code)} if code else {}
        return job_from(await self._http.send_once("POST", f"{path_of(job)}/retry", params=chosen))

    async def delete(self, job: JobRef) -> None:
        """Delete a job that has ended, with its verdicts and uploads."""
        await self._http.delete(path_of(job))
