"""The jobs of a server: submit, follow, read their verdicts, cancel, retry, delete."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from client.answers import (
    Feedback,
    Job,
    JobRef,
    ManifestFault,
    Verdict,
    fault_from,
    feedback_from,
    id_of,
    job_from,
    verdict_from,
)
from client.download import save
from client.events import Follower, JobEvent
from client.patience import PATIENCE_S, Listener, Patience, Show, ShowSilence, wait_for_end
from client.sources import Archive, Files, Manifest, Prefix, Source, Urls, recognised
from client.submission import DEFAULT, AsyncSubmission, JobOptions

PAGE_SIZE = 1000


class AsyncJobs(AsyncSubmission):
    """Reached as `AsyncClient(...).jobs`. A job is given as such, or by its id."""

    async def submit(
        self,
        source: Source,
        *,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
    ) -> Job:
        """Scan what is given; the other `submit_...` say which it is, this one looks at it.

        Uploaded are a file or a folder on this machine, several files, an archive (by its
        ending), and a manifest (`.csv`, `.jsonl`). URIs are read by the server: a manifest by the
        same endings, https URLs of images, and otherwise a prefix. Raises InvalidSource.
        """
        match recognised(source):
            case Files(files, root):
                made = self.submit_files(
                    files, root=root, options=options, idempotency_key=idempotency_key
                )
            case Archive(path):
                made = self.submit_archive(path, options=options, idempotency_key=idempotency_key)
            case Manifest(place):
                made = self.submit_manifest(place, options=options, idempotency_key=idempotency_key)
            case Prefix(uri):
                made = self.submit_prefix(uri, options=options, idempotency_key=idempotency_key)
            case Urls(urls):
                made = self.submit_urls(urls, options=options, idempotency_key=idempotency_key)
        return await made

    async def get(self, job: JobRef) -> Job:
        """Return the job as it stands now."""
        return job_from(await self._http.get(_path(job)))

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

    async def wait(
        self,
        job: JobRef,
        *,
        progress: bool = False,
        on_progress: Show | None = None,
        on_silence: ShowSilence | None = None,
        poll_s: float = 0.5,
        patience_s: float = PATIENCE_S,
    ) -> Job:
        """Wait until nothing more will happen to the job; return how it ended.

        With `progress`, a bar on standard error shows where it stands, if rich is installed.
        `on_progress` is called with each state seen, the last one included. A server that stops
        to answer is asked again until it has been silent for `patience_s`; `on_silence` is
        called with the seconds so far.
        """
        given = Listener(on_progress, on_silence)
        wait = partial(wait_for_end, self._http, _path(job), poll_s=poll_s, patience_s=patience_s)
        if progress and find_spec("rich"):
            with import_module("client.progress").JobProgress() as bar:
                return await wait(Listener(bar.show, bar.show_silence), given)
        return await wait(given)

    async def events(
        self, job: JobRef, *, verdicts: bool = True, patience_s: float = PATIENCE_S
    ) -> AsyncGenerator[JobEvent]:
        """Yield what happens to the job until its end: progress, and each verdict once.

        A connection that breaks is taken up again behind the last event, unless the server does
        not answer for `patience_s`.
        """
        patience = Patience(longest_s=patience_s, attempts=self._http.attempts)
        follower = Follower(self._http, _path(job), patience, with_verdicts=verdicts)
        async with aclosing(follower.events()) as events:
            async for event in events:
                yield event

    async def faults(self, job: JobRef) -> AsyncGenerator[ManifestFault]:
        """Yield the lines of the job's manifest that name no item; the first 1,000 are kept."""
        async for fault in self._http.get_pages(f"{_path(job)}/faults", "faults", {}):
            yield fault_from(fault)

    async def feedback(self, job: JobRef) -> AsyncGenerator[Feedback]:
        """Yield what people say of the job's verdicts, in submission order."""
        chosen = {"limit": PAGE_SIZE}
        async for said in self._http.get_pages(f"{_path(job)}/feedback", "feedback", chosen):
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
        async for verdict in self._http.get_pages(f"{_path(job)}/verdicts", "verdicts", chosen):
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
        await save(self._http, f"{_path(job)}/export", chosen, Path(path))

    async def cancel(self, job: JobRef) -> Job:
        """Ask the server to stop the job; shards in hand still end."""
        return job_from(await self._http.insist("POST", f"{_path(job)}/cancel"))

    async def retry(self, job: JobRef, *, code: str | Sequence[str] | None = None) -> Job:
        """Ask the server to scan the job's failed items again.

        With a code or several, such as "fetch_failed", only those that failed with one of them.
        """
        chosen = {"code": [code] if isinstance(code, str) else list(code)} if code else {}
        return job_from(await self._http.send_once("POST", f"{_path(job)}/retry", params=chosen))

    async def delete(self, job: JobRef) -> None:
        """Delete a job that has ended, with its verdicts and uploads."""
        await self._http.delete(_path(job))


def _path(job: JobRef) -> str:
    return f"/v1/jobs/{id_of(job)}"
