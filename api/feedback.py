"""Feedback over HTTP: what people say that images are, kept for later training."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api import cursors
from api.document import VERDICTS, problems
from api.feedback_schemas import FeedbackPage, FeedbackView
from api.identity import caller
from api.queries import JobPath, PageQuery, VerdictPath
from api.requests import FeedbackRequest
from api.services import services
from api.shapes import answer, feedback_view
from core.errors import ConflictError, NotFoundError
from core.terms import Outcome
from db import feedback, jobs, verdicts

blueprint = APIBlueprint("feedback", __name__, url_prefix="/v1", abp_tags=[VERDICTS])


@blueprint.post(
    "/verdicts/<verdict:verdict_id>/feedback",
    operation_id="give_feedback",
    summary="Say what an image is, whatever its verdict says",
    description="One word is kept for each verdict, the last one, for as long as its job.",
    responses={200: FeedbackView, **problems(404, 409, 422)},
)
def give_feedback(path: VerdictPath, body: FeedbackRequest) -> Response:
    """Keep what the caller says."""
    keep_feedback(path.verdict_id, body)
    return answer(_read(path.verdict_id))


@blueprint.get(
    "/verdicts/<verdict:verdict_id>/feedback",
    operation_id="read_feedback",
    summary="Read what was said of a verdict",
    responses={200: FeedbackView, **problems(404)},
)
def read_feedback(path: VerdictPath) -> Response:
    """Return what was said."""
    return answer(_read(path.verdict_id))


@blueprint.get(
    "/jobs/<job:job_id>/feedback",
    operation_id="list_feedback",
    summary="List what was said of a job's verdicts",
    description="In submission order: names and digests of images, and what they are.",
    responses={200: FeedbackPage, **problems(404, 422)},
)
def list_feedback(path: JobPath, query: PageQuery) -> Response:
    """Return one page of feedback."""
    after = cursors.decode("position", query.cursor)
    with services().database.read() as session:
        job = jobs.get(session, path.job_id)
        found = feedback.page(
            session,
            job.id,
            limit=query.limit + 1,
            after_position=-1 if after is None else after,
        )
    shown = found[: query.limit]
    last = shown[-1][0].position if len(found) > query.limit else None
    more = None if last is None else cursors.encode("position", last)
    views = [feedback_view(said, verdict, job_id=job.public_id) for said, verdict in shown]
    return answer(FeedbackPage(feedback=views, next_cursor=more))


def keep_feedback(verdict_id: str, said: FeedbackRequest) -> None:
    """Keep what the caller says; raises NotFoundError, and ConflictError without a score."""
    with services().database.write() as session:
        _, verdict = verdicts.get(session, verdict_id)
        if verdict.outcome != Outcome.SCORED:
            raise ConflictError("The image has no score that could be right or wrong.")
        note = (said.note or "").strip() or None
        feedback.give(session, verdict, truth=said.truth, note=note, api_key_id=caller().key_id)


def look_for_feedback(verdict_id: str) -> FeedbackView | None:
    """Return what was said of the verdict, if anything was; raises NotFoundError."""
    with services().database.read() as session:
        job, verdict = verdicts.get(session, verdict_id)
        said = feedback.find(session, job.id, verdict.position)
    return None if said is None else feedback_view(said, verdict, job_id=job.public_id)


def _read(verdict_id: str) -> FeedbackView:
    found = look_for_feedback(verdict_id)
    if found is None:
        raise NotFoundError("Nobody has said yet whether the verdict is right.")
    return found
