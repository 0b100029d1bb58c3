"""Other web sites stay out: foreign origins, rebound hosts; and the headers of every answer."""

from collections.abc import Callable

import pytest

from tests.support.api import ApiRig, part
from tests.support.rows import add_champion


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://[bad"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_what_another_site_sends_is_refused(rig: ApiRig, headers: dict[str, str]) -> None:
    """On the API and on the pages alike, and nothing is kept."""
    for path in ("/v1/jobs", "/jobs"):
        answer = rig.client.post(path, data={"files": part("a.png")}, headers=headers)
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert rig.kept() == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_pages_and_programs_are_let_in(rig: ApiRig, headers: dict[str, str]) -> None:
    """A program sends no Origin, our pages send their own."""
    answer = rig.client.post("/v1/jobs", data={"files": part("a.png")}, headers=headers)
    assert answer.status_code == 202


def test_an_origin_behind_a_proxy_that_ends_tls_is_ours(make_rig: Callable[..., ApiRig]) -> None:
    """The proxy speaks https to the world and http to us; the host is the same."""
    rig = make_rig(api_host="0.0.0.0", require_api_keys="never")
    add_champion(rig.database)
    headers = {"Host": "scan.example", "Origin": "https://scan.example"}
    answer = rig.client.post("/v1/jobs", data={"files": part("a.png")}, headers=headers)
    assert answer.status_code == 202


def test_reading_is_not_refused(rig: ApiRig) -> None:
    """A link from another site leads to a page; scripts of that site cannot read it anyway."""
    assert rig.client.get("/jobs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "192.0.2.1", "localhost.evil.example", "[::2]"])
def test_a_rebound_host_is_refused_on_loopback(rig: ApiRig, host: str) -> None:
    """A name that an attacker points at 127.0.0.1 reads nothing."""
    answer = rig.client.get("/v1/jobs", headers={"Host": host})
    assert answer.status_code == 403
    assert "FAKESWEEP_API_HOST" in answer.json["detail"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8780", "127.0.0.1:8780", "127.8.9.1", "[::1]:8780", "a.localhost"],
)
def test_every_name_of_this_machine_is_let_in(rig: ApiRig, host: str) -> None:
    """Whatever loopback is called."""
    assert rig.client.get("/v1/jobs", headers={"Host": host}).status_code == 200


def test_any_host_is_let_in_when_serving_other_machines(make_rig: Callable[..., ApiRig]) -> None:
    """The settings say on which address we listen."""
    rig = make_rig(api_host="0.0.0.0", require_api_keys="never")
    assert rig.client.get("/v1/jobs", headers={"Host": "scan.example"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/jobs", "/v1/jobs", "/nothing", "/static/base.css"])
def test_every_answer_has_the_security_headers(rig: ApiRig, path: str) -> None:
    """Pages, data, errors and static files."""
    headers = rig.client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
