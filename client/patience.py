"""Patience with a server that gives no answer for a while, as one that is started again."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from client.answers import Job
from client.errors import ClientError
from client.http import Http
from client.reading import job_from
from client.retries import is_transient, pause_s

PATIENCE_S = 90.0

Show = Callable[[Job], None]
ShowSilence = Callable[[float], None]


@dataclass(frozen=True)
class Listener:
    """Who hears how the waiting for a job goes: each state seen, the length of each silence."""

    show: Show | None = None
    show_silence: ShowSilence | None = None

    def hear(self, job: Job) -> None:
        """Hear of a state that was seen."""
        if self.show is not None:
            self.show(job)

    def hear_silence(self, silence_s: float) -> None:
        """Hear for how many seconds the server has not answered."""
        if self.show_silence is not None:
            self.show_silence(silence_s)


class Patience:
    """Bears a silence of at most `longest_s`; of who never answered, `attempts` failures."""

    def __init__(self, *, longest_s: float, attempts: int) -> None:
        self._longest_s = longest_s
        self._attempts = attempts
        self._has_answered = False
        self._since: float | None = None
        self.failures = 0

    def answered(self) -> None:
        """Begin anew, for the server has answered."""
        self._has_answered = True
        self._since, self.failures = None, 0

    def bear(
        self, error: ClientError, can_heal: Callable[[ClientError], bool] = is_transient
    ) -> float:
        """Return the length of the silence so far; raises the error when it is not borne."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        self.failures += 1
        silence_s = now - self._since
        if self._has_answered:
            lasts = silence_s < self._longest_s
        else:
            lasts = self.failures < self._attempts
        if not lasts or not can_heal(error):
            raise error
        return silence_s


async def wait_for_end(
    http: Http, path: str, *listeners: Listener, poll_s: float, patience_s: float
) -> Job:
    """Look at the job again and again; return it as it ended."""
    patience = Patience(longest_s=patience_s, attempts=http.attempts)
    while True:
        try:
            job = job_from(await http.send("GET", path))
        except ClientError as error:
            silence_s = patience.bear(error)
            for listener in listeners:
                listener.hear_silence(silence_s)
            await http.pause(pause_s(patience.failures, error))
            continue
        patience.answered()
        for listener in listeners:
            listener.hear(job)
        if job.is_final:
            return job
        await http.pause(poll_s)
