"""The blocking client: one object a server. Each method is one of the async client's, run here."""

from types import TracebackType
from typing import Self

import httpx

from client.blocking import blocking, blocking_iterator
from client.calls import Calls
from client.jobs import AsyncJobs
from client.resumable import AsyncUploads
from client.webhooks import AsyncWebhooks
from client.wires import ThreadWire


class Jobs:
    """Reached as `Client(...).jobs`. A job is given as such, or by its id."""

    def __init__(self, awaited: AsyncJobs) -> None:
        self._awaited = awaited

    submit = blocking(AsyncJobs.submit)
    submit_files = blocking(AsyncJobs.submit_files)
    submit_archive = blocking(AsyncJobs.submit_archive)
    submit_manifest = blocking(AsyncJobs.submit_manifest)
    submit_folder = blocking(AsyncJobs.submit_folder)
    submit_prefix = blocking(AsyncJobs.submit_prefix)
    submit_urls = blocking(AsyncJobs.submit_urls)
    submit_upload = blocking(AsyncJobs.submit_upload)
    get = blocking(AsyncJobs.get)
    list = blocking_iterator(AsyncJobs.list)
    wait = blocking(AsyncJobs.wait)
    events = blocking_iterator(AsyncJobs.events)
    faults = blocking_iterator(AsyncJobs.faults)
    feedback = blocking_iterator(AsyncJobs.feedback)
    verdicts = blocking_iterator(AsyncJobs.verdicts)
    export = blocking(AsyncJobs.export)
    cancel = blocking(AsyncJobs.cancel)
    retry = blocking(AsyncJobs.retry)
    delete = blocking(AsyncJobs.delete)


class Uploads:
    """Reached as `Client(...).uploads`."""

    def __init__(self, awaited: AsyncUploads) -> None:
        self._awaited = awaited

    send = blocking(AsyncUploads.send)
    send_files = blocking(AsyncUploads.send_files)
    begin = blocking(AsyncUploads.begin)
    resume = blocking(AsyncUploads.resume)
    get = blocking(AsyncUploads.get)
    delete = blocking(AsyncUploads.delete)


class Webhooks:
    """Reached as `Client(...).webhooks`."""

    def __init__(self, awaited: AsyncWebhooks) -> None:
        self._awaited = awaited

    add = blocking(AsyncWebhooks.add)
    list = blocking_iterator(AsyncWebhooks.list)
    get = blocking(AsyncWebhooks.get)
    change = blocking(AsyncWebhooks.change)
    rotate = blocking(AsyncWebhooks.rotate)
    test = blocking(AsyncWebhooks.test)
    deliveries = blocking_iterator(AsyncWebhooks.deliveries)
    redeliver = blocking(AsyncWebhooks.redeliver)
    remove = blocking(AsyncWebhooks.remove)


class Client:
    """Talks to the fakesweep server at `url`, from one thread.

    A server that asks for API keys gets `api_key` with each request.

    with Client("http://127.0.0.1:8780") as client:
        job = client.jobs.wait(client.jobs.submit("faces/"), progress=True)
        for verdict in client.jobs.verdicts(job, label="fake"):
            print(verdict.name, verdict.score)
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 30,
        attempts: int = 6,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._awaited = Calls(
            url,
            api_key=api_key,
            timeout_s=timeout_s,
            attempts=attempts,
            connect=lambda options: ThreadWire(httpx.Client(transport=transport, **options)),
        )
        self.uploads = Uploads(self._awaited.uploads)
        self.jobs = Jobs(self._awaited.jobs)
        self.webhooks = Webhooks(self._awaited.webhooks)

    scan = blocking(Calls.scan)
    models = blocking(Calls.models)
    is_ready = blocking(Calls.is_ready)
    version = blocking(Calls.version)
    close = blocking(Calls.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
