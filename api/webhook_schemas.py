"""What goes over HTTP about webhooks."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.fields import visible
from api.queries import PageQuery
from core.terms import DeliveryState, JobEvent

MAX_URL_LENGTH = 2048
Url = Annotated[str, Field(max_length=MAX_URL_LENGTH), AfterValidator(visible)]


class WebhookPath(BaseModel):
    """A webhook named in the path."""

    webhook_id: str = Field(description="Id of the webhook.")


class DeliveryPath(WebhookPath):
    """A delivery of a webhook named in the path."""

    delivery_id: str = Field(description="Id of the delivery.")


class WebhookRequest(BaseModel):
    """A new webhook."""

    model_config = ConfigDict(extra="forbid")

    url: Url = Field(
        description="Where events are sent; https only, except to networks that are allowed.",
        examples=["https://example.com/fakesweep"],
    )
    events: list[JobEvent] = Field(
        list(JobEvent), min_length=1, description="What to hear of; by default everything."
    )


class WebhookChange(BaseModel):
    """What to change of a webhook; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    events: list[JobEvent] | None = Field(None, min_length=1)
    enabled: bool | None = Field(
        None, description="False ends what is on its way; true opens a disabled webhook again."
    )


class WebhookView(BaseModel):
    """A webhook as clients see it."""

    id: str = Field(examples=["wh_01a20b556ef076ef82e6d3893ba81f31"])
    url: str
    events: list[JobEvent]
    enabled: bool
    created_at: datetime
    disabled_at: datetime | None = Field(description="Set by its owner, by 410, or after days.")
    old_secret_expires_at: datetime | None = Field(
        description="Until then the secret before the last rotation signs as well."
    )
    links: dict[str, str] = Field(description="`self`, `deliveries`, `rotate` and `test`.")


class WebhookSecretView(WebhookView):
    """A webhook with its new secret, which is shown this once."""

    secret: str = Field(description="Verifies the signatures.", examples=["whsec_..."])


class WebhookQuery(PageQuery):
    """Which webhooks."""


class WebhookPage(BaseModel):
    """One page of webhooks, newest first."""

    webhooks: list[WebhookView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")


class DeliveryView(BaseModel):
    """One event on its way to a webhook."""

    id: str = Field(
        description="The `webhook-id` of every attempt.",
        examples=["msg_01a20b556ef076ef82e6d3893ba81f31"],
    )
    event: str = Field(examples=["job.completed", "ping"])
    job_id: str | None = Field(description="The job that it tells of; null once that is deleted.")
    state: DeliveryState
    attempts: int = Field(description="Those begun since it was made, or last sent again.")
    last_status: int | None = Field(description="What the receiver answered; null: nothing.")
    last_error: str | None = Field(description="Why the last attempt failed, in a sentence.")
    due_at: datetime | None = Field(description="When the next attempt is due; null: none is.")
    created_at: datetime
    delivered_at: datetime | None
    links: dict[str, str] = Field(description="`redeliver`.")


class DeliveryPage(BaseModel):
    """One page of a webhook's deliveries, newest first."""

    deliveries: list[DeliveryView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")
