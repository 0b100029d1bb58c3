"""What went wrong as an answer: a problem document (RFC 9457), or its page to a browser."""

from http import HTTPStatus

from flask import Response, g, render_template, request
from pydantic import ValidationError

from api.problem_schemas import Fault, Problem

MAX_FAULTS = 20


def problem(
    status: int,
    detail: str,
    faults: list[Fault] | None = None,
    *,
    is_translated: bool = False,
) -> Response:
    """Return the problem as JSON, or as a page to a browser that asked for a page.

    The detail is English, unless it says that it is in the reader's language.
    """
    found = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=g.request_id,
        errors=faults or [],
    )
    if _wants_page():
        page = render_template("problem.html", problem=found, is_translated=is_translated)
        return Response(page, status, mimetype="text/html")
    body = found.model_dump_json()
    return Response(body, status, mimetype="application/problem+json")


def invalid(error: ValidationError) -> Response:
    """Return the 422 problem that names every field that is wrong."""
    faults = [
        Fault(field=_field(found["loc"]), message=found["msg"])
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ][:MAX_FAULTS]
    named = ", ".join(f"`{fault.field}`" for fault in faults)
    return problem(422, f"The request is not valid: correct {named}, as `errors` says.", faults)


def _field(place: tuple[int | str, ...]) -> str:
    """Return the field's path; pydantic names the kind of the source behind `source`."""
    shown = place[:1] + place[2:] if place[0:1] == ("source",) and len(place) > 2 else place
    return ".".join(map(str, shown)) or "body"


def _wants_page() -> bool:
    if request.path.startswith("/v1/"):
        return False
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]
