"""What goes over HTTP about the installation at work: its workers and its queues."""

from datetime import datetime

from pydantic import BaseModel, Field

from core.taskqueue import QueueName


class WorkerView(BaseModel):
    """A worker process, as it reported last."""

    name: str = Field(description="Its host, and the number of its process there.")
    device: str
    model_versions: list[str] = Field(description="Those on its device, the last used at the end.")
    started_at: datetime
    seen_at: datetime = Field(description="When it reported last.")
    is_silent: bool = Field(description="It has not reported for 20 s: killed, or cut off.")
    shards: int = Field(description="In hand.")
    images: int = Field(description="Verdicts since its start, the failed ones included.")
    failed: int
    rate: float = Field(description="Images a second, over the last half minute.")
    fill: float | None = Field(description="How full its batches were then, from 0 to 1.")
    busy: float = Field(description="The share of that time in which its device was at work.")
    max_batch: int
    errors: int = Field(description="What went wrong since its start, and was tried again.")
    last_error: str | None
    last_error_at: datetime | None


class QueueView(BaseModel):
    """A queue of the broker."""

    name: QueueName
    depth: int | None = Field(description="Messages that wait; null: the broker does not answer.")


class SystemView(BaseModel):
    """What the installation does now. The rate is of the workers that report."""

    rate: float = Field(description="Images a second, over the last half minute.")
    fill: float | None = Field(description="The mean of the workers that had batches.")
    open_jobs: int
    queued_interactive: int = Field(description="Single scans that wait for a worker.")
    queued_bulk: int = Field(description="Shards of bulk jobs that wait for a worker.")
    in_hand: int = Field(description="Shards that workers have in hand.")
    workers: list[WorkerView]
    queues: list[QueueView]
    broker_error: str | None = Field(description="Why the broker does not answer, if so.")
