"""The OpenAPI document: valid, whole, and made of the schemas that validate."""

from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from api.examples import OF_SCHEMAS
from api.problem_schemas import Problem
from api.requests import JobRequest
from core.terms import ItemCode
from tests.support.api import ApiRig

BINARY = ("image/", "application/vnd.apache.parquet", "application/offset+octet-stream")
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(rig: ApiRig) -> dict[str, Any]:
    """The document as it is served."""
    return rig.client.get("/openapi.json").json


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every operation of the document."""
    paths = document["paths"].values()
    return [path[method] for path in paths for method in METHODS if method in path]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    """As OpenAPI 3.1."""
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    """Summary, tags, an id, and a problem for each error that any request can meet."""
    found = operations(document)
    assert len({operation["operationId"] for operation in found}) == len(found) > 20
    for operation in found:
        assert operation["summary"]
        assert operation["tags"]
        assert {"403", "429", "500", "503"} <= operation["responses"].keys()
        for status, response in operation["responses"].items():
            assert response["description"]
            if status >= "400" and operation["operationId"] != "read_readiness":
                assert list(response["content"]) == ["application/problem+json"]


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    """Of requests and of answers, errors included; but for bytes that nobody can read."""
    for operation in operations(document):
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            for kind, media in body.get("content", {}).items():
                assert ("example" in media) is not kind.startswith(BINARY), operation["summary"]


def test_the_examples_are_of_their_schemas(document: dict[str, Any]) -> None:
    """Nothing in them is missing, misspelt or out of date."""
    schemas = document["components"]["schemas"]
    assert OF_SCHEMAS.keys() <= schemas.keys()
    for name, example in OF_SCHEMAS.items():
        if name.endswith("Upload"):
            assert example.keys() <= schemas[name]["properties"].keys()
        else:
            validator = OAS31Validator(
                {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            )
            assert [error.message for error in validator.iter_errors(example)] == []
            assert example.keys() <= schemas[name]["properties"].keys()


def test_every_operation_asks_for_a_key_but_the_open_ones(document: dict[str, Any]) -> None:
    """As the application does: it is said once for all, and taken back where it does not hold."""
    assert document["security"] == [{"api_key": []}]
    scheme = document["components"]["securitySchemes"]["api_key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for operation in operations(document):
        is_open = operation["operationId"] in ("read_health", "read_readiness")
        assert operation.get("security") == ([] if is_open else None)
        assert ("401" in operation["responses"]) is not is_open


def test_making_a_job_takes_either_body(document: dict[str, Any]) -> None:
    """One operation, both request bodies, each with its schema."""
    body = document["paths"]["/v1/jobs"]["post"]["requestBody"]
    assert {kind: media["schema"]["$ref"] for kind, media in body["content"].items()} == {
        "application/json": "#/components/schemas/JobRequest",
        "multipart/form-data": "#/components/schemas/JobUpload",
    }
    files = document["components"]["schemas"]["JobUpload"]["properties"]["files"]
    assert files["items"] == {"type": "string", "format": "binary"}


def test_the_schemas_are_those_that_validate(document: dict[str, Any]) -> None:
    """Field by field."""
    schemas = document["components"]["schemas"]
    for model in (JobRequest, Problem):
        assert set(schemas[model.__name__]["properties"]) == set(model.model_fields)


def test_the_guide_names_every_code_of_an_item() -> None:
    """Whoever meets one finds out what it means."""
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    rows = [line for line in guide.splitlines() if line.startswith(("| `failed`", "| `not_app"))]
    assert [code for code in ItemCode if f"`{code}`" not in "".join(rows)] == []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No schema is missing among the components."""

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return (
            [found for value in node for found in references(value)]
            if isinstance(node, list)
            else []
        )

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
