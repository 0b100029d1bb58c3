"""What can go wrong for a client. Every message is a sentence a person can act on."""

from dataclasses import dataclass


class ClientError(Exception):
    """Anything the client raises on purpose."""


class ConnectionFailed(ClientError):
    """The server could not be reached, or the connection broke."""


class UnexpectedAnswer(ClientError):
    """The server answered with something that is not of this API."""


class InvalidKey(ClientError):
    """What was given as an API key, or as an idempotency key, cannot be one."""


class InvalidSource(ClientError):
    """What was given to be scanned is nothing that a job can be made of."""


class UploadError(ClientError):
    """A file that is to be sent cannot be read."""


class DownloadError(ClientError):
    """A file that is to be saved cannot be written."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request."""

    field: str
    message: str


class ApiError(ClientError):
    """The server refused the request, with a problem document (RFC 9457)."""

    def __init__(
        self,
        *,
        status: int,
        title: str,
        detail: str,
        errors: tuple[Fault, ...] = (),
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        faults = "; ".join(f"{fault.field}: {fault.message}" for fault in errors)
        super().__init__(f"{detail} ({faults})" if faults else detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.request_id = request_id
        self.retry_after_s = retry_after_s
