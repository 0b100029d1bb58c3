"""Heatmaps over HTTP: what speaks for a verdict, as a picture to lay over the image."""

import time
from dataclasses import dataclass

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api import originals
from api.document import VERDICTS, described, problems
from api.headers import WaitHeader
from api.queries import HeatmapQuery, VerdictPath
from api.schemas import HeatmapView
from api.services import services
from api.shapes import answer
from api.waiting import preferred_wait_s
from core.errors import ConflictError, GoneError, ItemError, NotFoundError
from core.storage import read_bytes
from core.taskqueue import explain
from core.terms import HeatmapCode, Label, Outcome
from db import heatmaps, verdicts
from db.heatmaps import Key
from db.models import Heatmap, Verdict

WAIT_S = 20  # when the client says nothing: browsers cannot, in an `img`
LONGEST_PAUSE_S = 1.0
RETRY_AFTER_S = 2
MAX_BYTES = 16 * 1024**2
SANDBOX = "default-src 'none'; sandbox"
HEADERS = {
    "Heatmap-Box": {
        "description": "Where it lies on the image as displayed: `x0,y0,x1,y1` in pixels.",
        "schema": {"type": "string"},
    },
    "Heatmap-Towards": {
        "description": "The label that it speaks for; of an uncertain verdict, `fake`.",
        "schema": {"type": "string"},
    },
}
WAITING = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}

blueprint = APIBlueprint("heatmaps", __name__, url_prefix="/v1", abp_tags=[VERDICTS])


@dataclass(frozen=True)
class Picture:
    """A heatmap that is made: a PNG, the box of the image that it covers, what it speaks for."""

    png: bytes
    box: tuple[int, ...]
    towards: Label


@blueprint.get(
    "/verdicts/<verdict:verdict_id>/heatmap.png",
    operation_id="read_heatmap",
    summary="See which parts of an image, or of one of its faces, speak for its verdict",
    description=(
        "A transparent picture to lay over the image. It is made when it is first asked for: the "
        "answer waits up to 20 seconds for it, or as long as `Prefer: wait=10` says."
    ),
    responses={
        200: {
            "description": "The picture.",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
            "headers": HEADERS,
        },
        202: described(HeatmapView, "It is being made; ask again.", headers=WAITING),
        **problems(404, 409, 410, 422),
    },
)
def read_heatmap(path: VerdictPath, query: HeatmapQuery, header: WaitHeader) -> Response:
    """Return the heatmap, or say that it is being made."""
    wait_s = WAIT_S if header.prefer is None else preferred_wait_s(header.prefer)
    most_s = services().settings.max_wait_s
    picture = wait_for_heatmap(path.verdict_id, query.face, wait_s=min(wait_s, most_s))
    if picture is None:
        view = HeatmapView(verdict_id=path.verdict_id, face=query.face)
        return answer(view, 202, {"Retry-After": str(RETRY_AFTER_S)})
    response = Response(picture.png, mimetype="image/png")
    response.headers["Heatmap-Box"] = ",".join(map(str, picture.box))
    response.headers["Heatmap-Towards"] = picture.towards
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def wait_for_heatmap(verdict_id: str, face: int, *, wait_s: float) -> Picture | None:
    """Return the heatmap once it is made, or None when the time is up; raises as `ask` does."""
    key = ask(verdict_id, face)
    if (found := _look(verdict_id, key)) or wait_s <= 0:
        return found
    if not services().waiting_room.acquire(blocking=False):
        return None
    try:
        deadline = time.monotonic() + wait_s
        while found is None and (left_s := deadline - time.monotonic()) > 0:
            bell = heatmaps.bell(*verdicts.parts_of_id(verdict_id), face)
            services().endings.wait(bell, min(left_s, LONGEST_PAUSE_S))
            found = _look(verdict_id, key)
        return found
    finally:
        services().waiting_room.release()


def ask(verdict_id: str, face: int) -> Key:
    """Have the heatmap made unless it is, or is about to be; return how the database names it.

    Raises NotFoundError for a face that is not there, ConflictError for what has no score, and
    GoneError when the image was deleted.
    """
    with services().database.read() as session:
        job, verdict = verdicts.get(session, verdict_id)
        _require_score(verdict, face)
        key = (job.id, verdict.position, face)
        is_there = (found := heatmaps.find(session, key)) is not None and found.failed_at is None
        if not is_there:
            originals.find(session, verdict_id)
    if not is_there:
        with services().database.write() as session:
            must_ring = heatmaps.request(session, key)
        if must_ring:
            services().ring(explain())
    return key


def _look(verdict_id: str, key: Key) -> Picture | None:
    """Return the heatmap if it is made; raises when it was given up.

    One whose picture was deleted meanwhile is made anew.
    """
    with services().database.read() as session:
        found = heatmaps.find(session, key)
    if found is None or found.failed_at is not None:
        raise _fault(found)
    if found.made_at is None:
        return None
    job_id, position = verdicts.parts_of_id(verdict_id)
    stored = services().storage.uri(heatmaps.storage_key(job_id, position, found.face))
    try:
        png = read_bytes(stored, max_bytes=MAX_BYTES)
    except ItemError:
        with services().database.write() as session:
            heatmaps.request_again(session, key)
        services().ring(explain())
        return None
    return Picture(png, tuple(found.box or ()), found.towards or Label.FAKE)


def _require_score(verdict: Verdict, face: int) -> None:
    if verdict.outcome != Outcome.SCORED:
        raise ConflictError(
            f"The image has no score that could be explained. {verdict.message or ''}".strip()
        )
    faces = [{"score": verdict.score}] if verdict.faces is None else verdict.faces
    if face >= len(faces):
        count = "one" if len(faces) == 1 else str(len(faces))
        raise NotFoundError(f"The verdict has no face {face}: there is {count}, counted from 0.")
    if faces[face]["score"] is None:
        raise ConflictError("This face has no score that could be explained; choose another.")


def _fault(found: Heatmap | None) -> Exception:
    if found is None:
        return NotFoundError("The job was deleted meanwhile.")
    sentence = found.error or "The heatmap was not made."
    if found.code == HeatmapCode.GIVEN_UP:
        return ConflictError(sentence)
    return GoneError(f"The verdict cannot be explained any more. {sentence}")
