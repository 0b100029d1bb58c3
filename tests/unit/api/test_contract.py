"""Whatever is sent, the API answers as openapi.json says; the requests are made up from it."""

import re
from collections.abc import Callable, Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.api import ApiRig, part
from tests.support.rows import add_champion

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REQUESTS_OF_AN_OPERATION = 25  # so that all takes less than a minute
SETTINGS = settings(
    max_examples=REQUESTS_OF_AN_OPERATION,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@pytest.fixture
def rig(make_rig: Callable[..., ApiRig]) -> ApiRig:
    """An application that limits nobody and waits for nothing, with a champion."""
    off = {"rate_limit": "off", "rate_limit_submissions": "off", "max_streams": 10_000}
    rig = make_rig(max_wait_s=0.01, **off)
    add_champion(rig.database)
    return rig


def things(rig: ApiRig) -> dict[str, str]:
    """Make one of everything that paths name; return the ids by the parameters' names."""
    files = [part("fake.png"), part("broken.png")]
    job_id = rig.client.post("/v1/jobs", data={"files": files}).json["id"]
    rig.worker.run(job_id)
    hook_id = rig.client.post("/v1/webhooks", json={"url": "https://example.com/"}).json["id"]
    ping = rig.client.post(f"/v1/webhooks/{hook_id}/test").json
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "3"}
    upload = rig.client.post("/v1/uploads", headers=tus).headers["Location"]
    return {
        "job_id": job_id,
        "verdict_id": f"{job_id}-0",
        "webhook_id": hook_id,
        "delivery_id": ping["id"],
        "upload_id": upload.rpartition("/")[2],
        "version": "tiny-1",
    }


def operations(rig: ApiRig) -> Iterator[APIOperation]:
    """Yield what the document describes, deletions last."""
    found = schemathesis.openapi.from_wsgi("/openapi.json", rig.app).get_all_operations()
    yield from sorted(
        (one.ok() for one in found if isinstance(one, Ok)), key=lambda operation: operation.method
    )[::-1]


def complaint(operation: APIOperation, known: dict[str, str], mode: GenerationMode) -> str | None:
    """Send many requests, to what is there and to what is not; return what is wrong."""
    ids = {name: known[name] for name in re.findall(r"{(\w+)}", operation.path)}
    there = operation.as_strategy(mode, path_parameters=ids)
    anywhere = operation.as_strategy(mode)

    @SETTINGS
    @given(case=st.one_of(there, anywhere))
    def send(case: Case) -> None:
        case.call_and_validate(checks=CHECKS)

    try:
        send()
    except FailureGroup as failures:
        return f"{operation.label}: {failures}"
    except Unsatisfiable:  # nothing about such a request can be wrong
        return None
    return None


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_described(rig: ApiRig, mode: GenerationMode) -> None:
    """No status, type, header or body that openapi.json has not, and no fault of the server."""
    known = things(rig)
    found = [complaint(operation, known, mode) for operation in operations(rig)]
    assert len(found) > 20
    if wrong := [text for text in found if text is not None]:
        pytest.fail("\n\n".join(wrong), pytrace=False)
