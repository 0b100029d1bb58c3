"""The announcing of events: a delivery for each endpoint, in the transaction of the event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from core.terms import JobEvent
from db.clock import database_time
from db.models import Job, WebhookDelivery, WebhookEndpoint
from db.webhook_endpoints import require_enabled

PING = "ping"
COUNTERS = ("total", "scored", "not_applicable", "failed", "reused", "fake", "real", "uncertain")


def announce(session: Session, job_id: int) -> None:
    """Tell the owner's endpoints that the job has ended, in the transaction that ends it.

    Inserts a due delivery for each one that wants the event; they are sent after the commit.
    """
    wanting = (
        select(WebhookEndpoint)
        .join(Job, Job.api_key_id.is_not_distinct_from(WebhookEndpoint.api_key_id))
        .where(Job.id == job_id, WebhookEndpoint.disabled_at.is_(None))
        .with_for_update(of=WebhookEndpoint, read=True, key_share=True)  # none is removed meanwhile
    )
    endpoints = session.scalars(wanting).all()
    if not endpoints:
        return
    job = session.get_one(Job, job_id, populate_existing=True)
    event = JobEvent(f"job.{job.state}")
    payload = _payload(session, event, _told_of(job))
    for endpoint in endpoints:
        if event in endpoint.events:
            _add_delivery(session, endpoint, event, payload, job_id=job.id)
    session.flush()


def ping(session: Session, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Insert a delivery that tells nothing, to try the endpoint; raises ConflictError."""
    require_enabled(endpoint)
    payload = _payload(session, PING, {"webhook": endpoint.public_id})
    delivery = _add_delivery(session, endpoint, PING, payload)
    session.flush()
    return delivery


def _add_delivery(
    session: Session,
    endpoint: WebhookEndpoint,
    event: str,
    payload: dict[str, Any],
    *,
    job_id: int | None = None,
) -> WebhookDelivery:
    delivery = WebhookDelivery(
        public_id=f"msg_{uuid7().hex}",
        endpoint=endpoint,
        job_id=job_id,
        event=event,
        payload=payload,
    )
    session.add(delivery)
    return delivery


def _payload(session: Session, event: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent, of the form that Standard Webhooks asks for."""
    now = session.scalars(select(database_time())).one()
    return {"type": event, "timestamp": _written(now), "data": dict(data)}


def _told_of(job: Job) -> dict[str, Any]:
    """Return what an event tells of a job: thin and stable, the rest is read at its links."""
    return {
        "id": job.public_id,
        "kind": job.kind,
        "state": job.state,
        "model_version": job.model_version.name,
        "counters": {name: getattr(job, name) for name in COUNTERS},
        "metadata": {note.key: note.value for note in job.notes},
        "error": job.error,
        "created_at": _written(job.created_at),
        "ended_at": _written(job.ended_at),
        "links": {
            "self": f"/v1/jobs/{job.public_id}",
            "verdicts": f"/v1/jobs/{job.public_id}/verdicts",
        },
    }


def _written(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
