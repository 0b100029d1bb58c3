"""How jobs are followed: asked for again and again, or by their events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from importlib import import_module
from importlib.util import find_spec

from client.answers import Job, JobRef, id_of
from client.events import Follower, JobEvent
from client.http import Http
from client.patience import PATIENCE_S, Listener, Patience, Show, ShowSilence, wait_for_end


class AsyncFollowing:
    """The part of `AsyncClient(...).jobs` that follows jobs."""

    _http: Http

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
        wait = partial(wait_for_end, self._http, path_of(job), poll_s=poll_s, patience_s=patience_s)
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
        follower = Follower(self._http, path_of(job), patience, with_verdicts=verdicts)
        async with aclosing(follower.events()) as events:
            async for event in events:
                yield event


def path_of(job: JobRef) -> str:
    """Return where the server has the job."""
    return f"/v1/jobs/{id_of(job)}"
