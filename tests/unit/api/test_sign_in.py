"""Signing in to the pages with an API key: the cookie, where it leads, and other sites."""

from collections.abc import Callable

import pytest

from db import api_keys
from tests.support.api import Answer, ApiClient, ApiRig, part
from tests.support.rows import add_champion


@pytest.fixture
def key(guarded_rig: ApiRig) -> str:
    """A key that may scan."""
    return guarded_rig.add_key("app")


@pytest.fixture
def browser(guarded_rig: ApiRig, key: str) -> ApiClient:
    """A browser whose person has signed in."""
    client = guarded_rig.client
    assert sign_in(client, key).status_code == 303
    return client


def sign_in(client: ApiClient, key: str, **more: str) -> Answer:
    """Send the form."""
    return client.post("/sign-in", data={"key": key, **more})


def test_a_page_leads_to_the_form_and_back(guarded_rig: ApiRig, key: str) -> None:
    """The page that was asked for is shown after signing in."""
    client = guarded_rig.client
    asked = client.get("/jobs?state=queued")
    assert (asked.status_code, asked.headers["Location"]) == (
        303,
        "/sign-in?next=/jobs?state%3Dqueued",
    )
    form = client.get(asked.headers["Location"])
    assert 'value="/jobs?state=queued"' in form.text
    assert "Sign out" not in form.text
    answer = sign_in(client, key, next="/jobs?state=queued")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs?state=queued")
    page = client.get("/jobs?state=queued")
    assert page.status_code == 200
    assert "Sign out" in page.text


def test_a_fragment_has_its_page_loaded_again(guarded_rig: ApiRig) -> None:
    """In place of the form, which belongs on no other page."""
    htmx = {"HX-Request": "true"}
    led = guarded_rig.client.get("/jobs/list", headers=htmx).headers["Location"]
    answer = guarded_rig.client.get(led, headers=htmx)
    assert (answer.headers["HX-Refresh"], answer.text) == ("true", "")


def test_the_cookie_is_out_of_reach(guarded_rig: ApiRig, key: str) -> None:
    """Of scripts and of other sites; it ends with the browser's session."""
    given = sign_in(guarded_rig.client, key).headers["Set-Cookie"]
    name, *attributes = given.split("; ")
    assert name == f"fakesweep_key={key}"
    assert set(attributes) == {"HttpOnly", "SameSite=Strict", "Path=/"}


def test_the_cookie_is_secure_behind_tls(make_rig: Callable[..., ApiRig]) -> None:
    """The proxy in front says that it is."""
    rig = make_rig(require_api_keys="always", trusted_proxies=1)
    answer = rig.client.post(
        "/sign-in", data={"key": rig.add_key("app")}, headers={"X-Forwarded-Proto": "https"}
    )
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_the_pages_scripts_may_call_the_api(browser: ApiClient) -> None:
    """With the cookie alone."""
    made = browser.post("/v1/jobs", data={"files": part("a.png")})
    assert made.status_code == 202
    assert browser.get(f"/jobs/{made.json['id']}").status_code == 200


@pytest.mark.parametrize("wrong", ["", "nonsense", "fsk_" + "A" * 43])
def test_a_key_that_is_not_valid_stays_outside(guarded_rig: ApiRig, wrong: str) -> None:
    """The form says so, and keeps the way back."""
    answer = sign_in(guarded_rig.client, wrong, next="/jobs")
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "The API key is not valid." in answer.text
    assert 'value="/jobs"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_signing_out_forgets_the_key(browser: ApiClient) -> None:
    """The cookie goes, and with it what the browser kept."""
    answer = browser.post("/sign-out")
    assert answer.headers["Location"] == "/sign-in"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert browser.get("/jobs").status_code == 303


def test_a_revoked_key_signs_out(guarded_rig: ApiRig, browser: ApiClient) -> None:
    """At once, pages and scripts."""
    with guarded_rig.database.write() as session:
        api_keys.revoke(session, "app")
    assert browser.get("/jobs").status_code == 303
    assert browser.get("/v1/jobs").status_code == 401


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\tx",
        "/\n/evil.example",
        "jobs",
        "",
    ],
)
def test_nobody_is_led_elsewhere(guarded_rig: ApiRig, key: str, elsewhere: str) -> None:
    """A link that another made cannot use the form to lead to their site."""
    answer = sign_in(guarded_rig.client, key, next=elsewhere)
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/v1/jobs", "/jobs", "/sign-out"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_use_the_cookie(
    guarded_rig: ApiRig, browser: ApiClient, path: str, headers: dict[str, str]
) -> None:
    """Even if a browser sent it along."""
    answer = browser.post(path, data={"files": part("a.png")}, headers=headers)
    assert answer.status_code == 403
    assert guarded_rig.kept() == []
    assert browser.get("/jobs").status_code == 200


def test_another_site_cannot_sign_a_browser_in(guarded_rig: ApiRig, key: str) -> None:
    """Whose jobs would then be seen by whoever owns the key."""
    headers = {"Origin": "https://evil.example"}
    answer = guarded_rig.client.post("/sign-in", data={"key": key}, headers=headers)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_where_no_key_is_required_there_is_nothing_to_sign_in_to(rig: ApiRig) -> None:
    """The form leads to the start page, and no page has a way out."""
    assert rig.client.get("/sign-in").headers["Location"] == "/"
    assert "Sign out" not in rig.client.get("/").text


def test_an_error_page_of_a_stranger_shows_nothing(guarded_rig: ApiRig) -> None:
    """A path that leads nowhere is 404, not a way to sign in."""
    answer = guarded_rig.client.get("/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Sign out" not in answer.text


def test_the_form_of_a_post_that_came_too_late_leads_home(guarded_rig: ApiRig) -> None:
    """What was posted is gone, so the person begins anew."""
    add_champion(guarded_rig.database)
    answer = guarded_rig.client.post("/jobs", data={"folder": "/x"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
