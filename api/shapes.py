"""Rows as the schemas that clients see, and the answers that carry them."""

from collections.abc import Mapping
from typing import Any

from flask import Response, url_for
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.feedback_schemas import FeedbackView
from api.model_schemas import ModelView
from api.schemas import Counters, FaceView, JobView, VerdictView
from api.services import services
from core.terms import Alias, JobState, Label
from db import jobs, pace, verdicts
from db.jobs import InHand
from db.models import Feedback, Job, ModelVersion, Verdict

SHOWN_OF_SOURCE = ("type", "path", "name", "strict")
TIMES = ("created_at", "planning_at", "running_at", "listed_at", "completed_at", "failed_at")
MORE_TIMES = ("cancelling_at", "cancelled_at", "expired_at", "ended_at")


def answer(
    view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the view as a JSON answer."""
    response = Response(view.model_dump_json(), status, mimetype="application/json")
    response.headers.update(headers or {})
    return response


def job_views(session: Session, found: list[Job]) -> list[JobView]:
    """Return the jobs as clients see them, with what workers have in hand of each."""
    open_ids = [job.id for job in found if not job.state.is_final]
    held = jobs.in_hand(session, open_ids) if open_ids else None
    return [job_view(job, held) for job in found]


def job_view(job: Job, held: InHand | None) -> JobView:
    """Return the job as clients see it; `held` may be None when it has ended."""
    running = held.items.get(job.id, 0) if held else 0
    rate = pace.rate(job, held.now if held else None)
    return JobView(
        id=job.public_id,
        kind=job.kind,
        state=job.state,
        model_version=job.model_version.name,
        source=_source(job.source),
        priority=job.priority,
        metadata={note.key: note.value for note in job.notes},
        rescan=job.rescan,
        faces=job.faces,
        max_failure_ratio=job.max_failure_ratio,
        expires_at=job.expires_at,
        faults=job.faults,
        counters=_counters(job, running),
        rate=rate,
        eta_s=_eta_s(job, rate),
        error=job.error,
        links=_links(job),
        **{name: getattr(job, name) for name in (*TIMES, *MORE_TIMES)},
    )


def verdict_view(verdict: Verdict, *, job_id: str, model_version: str) -> VerdictView:
    """Return the verdict as clients see it; `job_id` is the public id of its job."""
    return VerdictView(
        id=verdicts.public_id(job_id, verdict.position),
        position=verdict.position,
        name=verdict.name,
        custom_id=verdict.custom_id,
        outcome=verdict.outcome,
        label=verdict.label,
        score=verdict.score,
        code=verdict.code,
        message=verdict.message,
        faces=None if verdict.faces is None else [FaceView(**face) for face in verdict.faces],
        sha256=verdict.sha256.hex() if verdict.sha256 else None,
        width=verdict.width,
        height=verdict.height,
        reused=verdict.reused,
        model_version=model_version,
        created_at=verdict.created_at,
    )


def feedback_view(said: Feedback, verdict: Verdict, *, job_id: str) -> FeedbackView:
    """Return the feedback as clients see it; `job_id` is the public id of its job."""
    is_sure = verdict.label in (Label.FAKE, Label.REAL)
    return FeedbackView.model_validate(
        {
            "verdict_id": verdicts.public_id(job_id, verdict.position),
            "name": verdict.name,
            "sha256": verdict.sha256.hex() if verdict.sha256 else None,
            "label": verdict.label,
            "truth": said.truth,
            "is_right": said.truth == verdict.label if is_sure else None,
            "note": said.note,
            "given_at": said.given_at,
        }
    )


def model_view(version: ModelVersion, aliases: Mapping[int, list[Alias]]) -> ModelView:
    """Return the model version as clients see it."""
    return ModelView(
        id=version.name,
        aliases=[alias.value for alias in aliases.get(version.id, [])],
        registered_at=version.registered_at,
        card=version.card,
    )


def _source(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what clients may know of a source; where we keep uploads is ours."""
    shown = {name: stored[name] for name in SHOWN_OF_SOURCE if name in stored}
    uri = stored.get("uri", "")
    return shown | ({"uri": uri} if uri and not services().access.is_stored(uri) else {})


def _counters(job: Job, running: int) -> Counters:
    return Counters(
        total=job.total,
        queued=max(job.total - running - job.ended, 0),
        running=running,
        scored=job.scored,
        not_applicable=job.not_applicable,
        failed=job.failed,
        reused=job.reused,
        fake=job.fake,
        real=job.real,
        uncertain=job.uncertain,
    )


def _eta_s(job: Job, rate: float | None) -> float | None:
    if job.state != JobState.RUNNING or job.listed_at is None or not rate:
        return None
    return max(job.total - job.ended, 0) / rate


def _links(job: Job) -> dict[str, str]:
    return {
        "self": url_for("jobs.read_job", job_id=job.public_id),
        "verdicts": url_for("verdicts.list_verdicts", job_id=job.public_id),
        "faults": url_for("faults.list_faults", job_id=job.public_id),
        "events": url_for("events.follow_job", job_id=job.public_id),
        "cancel": url_for("jobs.cancel_job", job_id=job.public_id),
        "retry": url_for("jobs.retry_job", job_id=job.public_id),
    }
