"""The headers that requests carry: the schemas that validate them, and describe them."""

from typing import Annotated

from pydantic import BaseModel, Field


class SubmitHeader(BaseModel):
    """The key under which a request can be sent again without making a second job."""

    idempotency_key: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")] | None = Field(
        default=None,
        alias="Idempotency-Key",
        description="Up to 255 visible ASCII characters, remembered for a day.",
    )


class WaitHeader(BaseModel):
    """How long the client wants to wait."""

    prefer: str | None = Field(default=None, description="`wait=10`: up to 10 seconds.")


class ScanHeader(SubmitHeader):
    """The key of the request, and how long the client wants to wait for the verdict."""

    prefer: str | None = Field(default=None, description="`wait=10`: up to 10 seconds.")


class TusHeader(BaseModel):
    """What every request of the tus protocol says."""

    tus_resumable: str | None = Field(default=None, alias="Tus-Resumable", description="`1.0.0`")


class CreateUploadHeader(TusHeader):
    """What file is about to come."""

    upload_length: str | None = Field(
        default=None, alias="Upload-Length", description="Bytes of the whole file."
    )
    upload_metadata: str | None = Field(
        default=None, alias="Upload-Metadata", description="`filename <the name in base64>`"
    )


class AppendHeader(TusHeader):
    """Where the bytes of the body belong."""

    upload_offset: str | None = Field(
        default=None, alias="Upload-Offset", description="How many bytes have arrived before."
    )


class EventsHeader(BaseModel):
    """The event that the client saw last."""

    last_event_id: str | None = Field(
        default=None, alias="Last-Event-ID", description="Go on behind the event with this id."
    )
