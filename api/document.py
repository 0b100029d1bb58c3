"""What openapi.json says beyond the views: the service, its tags, and the problems it answers."""

from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask_openapi3.models import OPENAPI3_REF_PREFIX
from flask_openapi3.models.info import Info
from flask_openapi3.models.schema import Schema
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.utils import get_model_schema
from pydantic import BaseModel

INFO = Info(
    title="fakesweep",
    version=version("fakesweep"),
    description=(
        "Self-hosted deepfake scanning at bulk scale: one calibrated verdict for each image. "
        "Every error is an `application/problem+json` document (RFC 9457)."
    ),
)
JOBS = Tag(name="jobs", description="Requests to scan images, one or a million.")
UPLOADS = Tag(
    name="uploads",
    description="Files too large for one request: resumable uploads by the tus protocol 1.0.0.",
)
SCANS = Tag(name="scans", description="Single images, with the verdict in the answer.")
VERDICTS = Tag(name="verdicts", description="How each item of a job ended.")
WEBHOOKS = Tag(name="webhooks", description="Who is told when jobs end.")
MODELS = Tag(name="models", description="The model versions that this installation knows.")
SYSTEM = Tag(name="system", description="What workers, queues and devices do now.")
HEALTH = Tag(name="health", description="Whether the API lives, and is ready.")

SECURITY_SCHEMES: dict[str, Any] = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "fsk_...",
        "description": "An API key, as `fakesweep keys create` shows it. Where the installation "
        "requires none, it is not looked at.",
    }
}
SECURITY = {"security": [{"api_key": []}]}
OPEN_TO_ALL: dict[str, Any] = {"security": []}
PROBLEMS = {
    400: "A header is missing, or is not understood.",
    401: "The request has no API key, or one that is not valid.",
    403: "The request comes from another web site, for another host, or lacks a scope.",
    404: "There is no such thing.",
    409: "The request contradicts what is stored.",
    410: "What is named has expired.",
    412: "The client speaks another version of the protocol.",
    413: "The body is larger than the installation accepts.",
    415: "The body's content type is not one of those listed.",
    422: "The request is not valid; `errors` names the fields.",
    429: "Too many requests; try again after `Retry-After` seconds.",
    500: "Something went wrong here.",
    507: "Storage is full.",
    503: "A part of the installation does not answer, or there is no model version.",
}
LOCATION = {
    "Location": {"description": "Where the job is read.", "schema": {"type": "string"}},
}


def problems(*statuses: int, open_to_all: bool = False) -> dict[str | int | Any, Any]:
    """Return the error answers of an operation; those that every one can give are among them."""
    reference = {"$ref": f"{OPENAPI3_REF_PREFIX}/Problem"}
    always = (403, 429, 500, 503) if open_to_all else (401, 403, 429, 500, 503)
    return {
        status: {
            "description": PROBLEMS[status],
            "content": {
                "application/problem+json": {"schema": reference, "example": _problem(status)}
            },
        }
        for status in (*statuses, *always)
    }


def _problem(status: int) -> dict[str, Any]:
    """Return an example of the problem."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": PROBLEMS[status],
        "request_id": "5f0c1d2e",
        "errors": [],
    }


def described(schema: type[BaseModel], description: str, **more: object) -> dict[str, Any]:
    """Return an answer that carries the schema; the schema itself must be among the components."""
    return {
        "description": description,
        "content": {"application/json": {"schema": reference_to(schema)}},
        **more,
    }


def reference_to(schema: type[BaseModel]) -> dict[str, str]:
    """Return the reference to the schema among the components."""
    return {"$ref": f"{OPENAPI3_REF_PREFIX}/{schema.__name__}"}


def bodies(**schemas: type[BaseModel]) -> dict[str, Any]:
    """Return the request body of an operation that takes JSON, a multipart body, or either."""
    types = {"json": "application/json", "multipart": "multipart/form-data"}
    content = {types[kind]: {"schema": reference_to(schema)} for kind, schema in schemas.items()}
    return {"requestBody": {"required": True, "content": content}}


def add_schemas(app: OpenAPI, *schemas: type[BaseModel]) -> None:
    """Put the schemas that no view names as a parameter among the components."""
    for schema in schemas:
        mode = "validation" if schema.__name__.endswith(("Request", "Upload")) else "serialization"
        described = get_model_schema(schema, mode=mode)
        for name, inner in described.get("$defs", {}).items():
            app.components_schemas[name] = Schema(**inner)
        app.components_schemas[schema.__name__] = Schema(**described)
