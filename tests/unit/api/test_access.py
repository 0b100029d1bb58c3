"""Who gets in: keys, scopes, and jobs that only their owners see, on every route there is."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import request, url_for
from sqlalchemy import select
from werkzeug.routing import BaseConverter, Rule

from api import tus
from api.app import JobIdConverter
from core.terms import Scope
from db import api_keys
from db.models import ApiKey
from tests.support.api import ApiClient, ApiRig, part
from tests.support.rows import add_champion

OPEN = {
    "/docs",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/static/<path:filename>",
    "/sign-in",
    "/language",
}
READ = {
    "job_id": "/v1/jobs/{job_id}",
    "verdict_id": "/v1/verdicts/{verdict_id}",
    "webhook_id": "/v1/webhooks/{webhook_id}",
    "delivery_id": "/v1/webhooks/{webhook_id}/deliveries",
    "upload_id": "/v1/uploads/{upload_id}",
}
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "9"}


def submit(client: ApiClient) -> str:
    """Make a job of one image; return its id."""
    answer = client.post("/v1/jobs", data={"files": part("a.png")})
    assert answer.status_code == 202, answer.text
    return answer.json["id"]


def own(rig: ApiRig, client: ApiClient) -> dict[str, str]:
    """Make one of everything that keys own; return the ids by their names in paths."""
    scanned = submit(client)
    rig.worker.run(scanned)
    client.post(f"/v1/verdicts/{scanned}-0/feedback", json={"truth": "fake"})
    webhook = client.post("/v1/webhooks", json={"url": "https://example.com/hook"}).json
    upload = client.post("/v1/uploads", headers=TUS).headers["Location"]
    return {
        "job_id": submit(client),
        "verdict_id": f"{scanned}-0",
        "webhook_id": webhook["id"],
        "delivery_id": client.post(webhook["links"]["test"]).json["id"],
        "upload_id": upload.rpartition("/")[2],
    }


def requests_of(rig: ApiRig, **known: str) -> Iterator[tuple[Rule, str, str]]:
    """Yield each rule of the application with each of its methods, and a path that it matches."""
    for rule in rig.app.url_map.iter_rules():
        values: dict[str, Any] = {
            name: known.get(name) or sample(rule, name) for name in rule.arguments
        }
        with rig.app.test_request_context():
            path = url_for(rule.endpoint, **values)
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield rule, method, path


def sample(rule: Rule, argument: str) -> str:
    """Return a value that the rule takes as the argument."""
    converter: BaseConverter = rule._converters[argument]
    hexadecimal = re.sub(r"\[0-9a-f\]\{(\d+)\}", lambda found: "0" * int(found[1]), converter.regex)
    likely = (hexadecimal, "1", "x", f"job_{'0' * 32}-0")
    return next(one for one in likely if re.fullmatch(converter.regex, one))


def test_every_route_is_closed_to_strangers(guarded_rig: ApiRig) -> None:
    """All but a short list: programs get 401, browsers the way to sign in."""
    job_id = submit(guarded_rig.client_with(guarded_rig.add_key("owner")))
    for rule, method, path in requests_of(guarded_rig, job_id=job_id):
        if rule.rule in OPEN:
            continue
        answer = guarded_rig.client.open(path, method=method)
        if rule.rule.startswith("/v1/"):
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["Location"].startswith("/sign-in")


def test_every_route_hides_what_another_key_owns(guarded_rig: ApiRig) -> None:
    """As if it did not exist, whatever is asked of it; its owner and admins find it."""
    owner = guarded_rig.client_with(guarded_rig.add_key("owner"))
    other = guarded_rig.client_with(guarded_rig.add_key("other"))
    admin = guarded_rig.client_with(guarded_rig.add_key("admin", Scope.ADMIN))
    owned = own(guarded_rig, owner)
    nothing = {name: re.sub("[0-9a-f]{32}", "0" * 32, value) for name, value in owned.items()}
    for (rule, method, path), (_, _, nowhere) in zip(
        requests_of(guarded_rig, **owned), requests_of(guarded_rig, **nothing), strict=True
    ):
        named = {name for name in rule.arguments if name.endswith("_id")}
        assert named <= owned.keys(), f"{rule.rule} names what this test does not make"
        if not named:
            continue
        body = {"content_type": tus.CONTENT_TYPE} if "upload_id" in named else {"json": {}}
        hidden = other.open(path, method=method, headers=TUS, **body)
        absent = other.open(nowhere, method=method, headers=TUS, **body)
        assert hidden.status_code == absent.status_code == 404, (method, path)
        if method == "GET":
            for finder in (owner, admin):
                # A stream of events would not end by itself, and a heatmap would be waited for.
                with finder.get(path, headers={"Prefer": "wait=0"}) as found:
                    assert found.status_code != 404, path
    for name, value in owned.items():
        assert value in owner.get(READ[name].format(**owned)).text


def test_a_job_is_always_called_so(rig: ApiRig) -> None:
    """The gate finds it by the name that it has in the path."""
    for rule in rig.app.url_map.iter_rules():
        for name, converter in rule._converters.items():
            assert isinstance(converter, JobIdConverter) is (name == "job_id"), rule.rule


def test_a_list_holds_what_the_key_may_see(guarded_rig: ApiRig) -> None:
    """A scanning key its own jobs, an admin those of all."""
    first = guarded_rig.client_with(guarded_rig.add_key("first"))
    second = guarded_rig.client_with(guarded_rig.add_key("second"))
    admin = guarded_rig.client_with(guarded_rig.add_key("admin", Scope.ADMIN))
    ids = [submit(client) for client in (first, second, admin)]

    def listed(client: ApiClient) -> list[str]:
        assert all(job_id in client.get("/jobs").text for job_id in listed_ids(client))
        return listed_ids(client)

    def listed_ids(client: ApiClient) -> list[str]:
        return [job["id"] for job in client.get("/v1/jobs").json["jobs"]]

    assert (listed(first), listed(second)) == ([ids[0]], [ids[1]])
    assert listed(admin) == ids[::-1]


def test_jobs_of_nobody_are_for_admins(make_rig: Callable[..., ApiRig]) -> None:
    """What was made while no keys were required belongs to no key."""
    free = make_rig(require_api_keys="never")
    add_champion(free.database)
    job_id = submit(free.client)
    rig = make_rig(require_api_keys="always")
    scanner = rig.client_with(rig.add_key("scanner"))
    admin = rig.client_with(rig.add_key("admin", Scope.ADMIN))
    assert scanner.get(f"/v1/jobs/{job_id}").status_code == 404
    assert scanner.get("/v1/jobs").json["jobs"] == []
    assert admin.get(f"/v1/jobs/{job_id}").status_code == 200


def test_revoked_unknown_and_malformed_keys_are_refused_alike(guarded_rig: ApiRig) -> None:
    """The answer tells nobody which keys there have been; one without a key says how to get one."""
    revoked = guarded_rig.add_key("old")
    assert guarded_rig.client_with(revoked).get("/v1/jobs").status_code == 200
    with guarded_rig.database.write() as session:
        api_keys.revoke(session, "old")
    refused = [
        guarded_rig.client_with(key).get("/v1/jobs")
        for key in (
            revoked,
            "fsk_" + "A" * 43,
            "nonsense",
            "fsk_\N{SNOWMAN}".encode().decode("latin-1"),
        )
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.json["detail"] for answer in refused}) == 1
    assert "fakesweep keys create" in guarded_rig.client.get("/v1/jobs").json["detail"]


@pytest.mark.parametrize(
    "header", ["", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "fsk_", "bearer\tx", "Bearer a=b"]
)
def test_other_ways_to_authenticate_are_refused(guarded_rig: ApiRig, header: str) -> None:
    """Whatever the header holds, it is a 401, even beside a cookie that is good."""
    key = guarded_rig.add_key("app")
    headers = {"Authorization": header, "Cookie": f"fakesweep_key={key}"}
    assert guarded_rig.client.get("/v1/jobs", headers=headers).status_code == 401


def test_use_is_noted(guarded_rig: ApiRig) -> None:
    """So that keys nobody uses can be found and revoked."""
    client = guarded_rig.client_with(guarded_rig.add_key("app"))
    client.get("/v1/jobs")
    with guarded_rig.database.read() as session:
        assert session.scalars(select(ApiKey)).one().last_used_at is not None


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"api_host": "::1"}, 200),
        ({"require_api_keys": "always"}, 401),
        ({"api_host": "0.0.0.0"}, 401),
        ({"api_host": "192.0.2.7"}, 401),
        ({"api_host": "0.0.0.0", "require_api_keys": "never"}, 200),
    ],
)
def test_keys_are_required_beyond_loopback(
    make_rig: Callable[..., ApiRig], settings: dict[str, str], status: int
) -> None:
    """By default; a setting says otherwise."""
    assert make_rig(**settings).client.get("/v1/jobs").status_code == status


def test_where_no_key_is_required_none_is_looked_at(rig: ApiRig) -> None:
    """A key that is not valid, or of another server, is no obstacle."""
    job_id = submit(rig.client_with(rig.add_key("app")))
    assert rig.client_with("nonsense").get(f"/v1/jobs/{job_id}").status_code == 200


def test_readiness_hides_our_addresses_from_strangers(make_rig: Callable[..., ApiRig]) -> None:
    """What does not answer is named; how it is reached is left to the log."""
    said = []
    for required in ("never", "always"):
        rig = make_rig(require_api_keys=required)
        rig.queue.is_down = True
        answer = rig.client.get("/readyz")
        assert (answer.status_code, answer.json["checks"]["database"]) == (503, "ok")
        said.append(answer.json["checks"]["broker"])
    assert said == [
        "The broker does not answer; start it.",
        "The broker does not answer; the API's log says why.",
    ]


def test_the_proxy_in_front_says_who_calls(make_rig: Callable[..., ApiRig]) -> None:
    """Only when the setting says that there is one."""
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    seen = []
    for proxies in (0, 1):
        rig = make_rig(trusted_proxies=proxies)

        @rig.app.get("/who")
        def who() -> str:
            return f"{request.remote_addr} {request.scheme}"

        seen.append(rig.client.get("/who", headers=headers).text)
    assert seen == ["127.0.0.1 http", "203.0.113.9 https"]
