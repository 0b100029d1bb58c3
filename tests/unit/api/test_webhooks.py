"""Webhooks over HTTP: made, changed, tried, their log read; and hidden from other keys."""

from collections.abc import Callable
from typing import Any

import pytest

from core.taskqueue import deliver
from tests.support.api import ApiClient, ApiRig, part

URL = "https://example.com/hook"


def add(client: ApiClient, **body: object) -> dict[str, Any]:
    """Make a webhook; return what the API answered."""
    answer = client.post("/v1/webhooks", json={"url": URL, **body})
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == answer.json["links"]["self"]
    return answer.json


def finish_a_job(rig: ApiRig, client: ApiClient) -> str:
    """Run a job of one image to its end; return its id."""
    public_id = client.post("/v1/jobs", data={"files": [part("a.png")]}).json["id"]
    rig.worker.run(public_id)
    return public_id


def log(client: ApiClient, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the webhook's deliveries."""
    return client.get(webhook["links"]["deliveries"]).json["deliveries"]


def test_a_webhook_shows_its_secret_once(rig: ApiRig) -> None:
    """When it is made, and never again."""
    made = add(rig.client)
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["job.completed", "job.failed", "job.cancelled", "job.expired"]
    assert made["enabled"] is True
    read = rig.client.get(made["links"]["self"])
    (listed,) = rig.client.get("/v1/webhooks").json["webhooks"]
    assert read.json == listed == {name: made[name] for name in made if name != "secret"}


def test_webhooks_are_listed_newest_first_page_by_page(rig: ApiRig) -> None:
    """Following the cursors gives every one once."""
    made = [add(rig.client)["id"] for _ in range(3)]
    first = rig.client.get("/v1/webhooks?limit=2").json
    rest = rig.client.get(f"/v1/webhooks?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["webhooks"] + rest["webhooks"]] == made[::-1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "http://example.com"}, "url"),
        ({"url": "https://127.0.0.1/hook"}, "url"),
        ({"url": "https://[::1]/hook"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://user:word@example.com"}, "url"),
        ({"url": "https://example.com/\0"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://example.com/" + 2048 * "a"}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["job.begun"]}, "events.0"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused(
    rig: ApiRig, body: dict[str, object], field: str
) -> None:
    """With the field that is wrong; private addresses among them."""
    answer = rig.client.post("/v1/webhooks", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
    assert rig.client.get("/v1/webhooks").json["webhooks"] == []


def test_an_allowed_network_may_be_named(make_rig: Callable[..., ApiRig]) -> None:
    """By plain http as well; other private addresses stay closed."""
    rig = make_rig(outbound_allowed_networks="127.0.0.0/8")
    assert add(rig.client, url="http://127.0.0.1:9000/hook")["enabled"]
    answer = rig.client.post("/v1/webhooks", json={"url": "http://10.0.0.1/hook"})
    assert answer.status_code == 422


def test_a_webhook_is_changed_in_parts(rig: ApiRig) -> None:
    """What is not named stays; a URL is checked again."""
    here = add(rig.client)["links"]["self"]
    changed = rig.client.open(here, method="PATCH", json={"events": ["job.failed"]}).json
    assert (changed["events"], changed["url"]) == (["job.failed"], URL)
    refused = rig.client.open(here, method="PATCH", json={"url": "https://10.0.0.1"})
    assert refused.json["errors"][0]["field"] == "url"
    moved = rig.client.open(here, method="PATCH", json={"url": "https://example.org/new"}).json
    assert (moved["url"], moved["events"]) == ("https://example.org/new", ["job.failed"])
    assert rig.client.get(here).json == moved


def test_a_disabled_webhook_hears_nothing_until_it_is_enabled(rig: ApiRig) -> None:
    """A ping to it is a conflict that says what to do."""
    made = add(rig.client)
    here = made["links"]["self"]
    closed = rig.client.open(here, method="PATCH", json={"enabled": False}).json
    assert closed["enabled"] is False
    assert closed["disabled_at"]
    finish_a_job(rig, rig.client)
    refused = rig.client.post(made["links"]["test"])
    assert (refused.status_code, log(rig.client, made)) == (409, [])
    assert "enable it" in refused.json["detail"]
    opened = rig.client.open(here, method="PATCH", json={"enabled": True}).json
    assert (opened["enabled"], opened["disabled_at"]) == (True, None)
    assert rig.client.post(made["links"]["test"]).status_code == 202


def test_a_webhook_is_removed(rig: ApiRig) -> None:
    """With its log; removing it again finds nothing."""
    made = add(rig.client)
    finish_a_job(rig, rig.client)
    assert rig.client.open(made["links"]["self"], method="DELETE").status_code == 204
    for path in (made["links"]["self"], made["links"]["deliveries"]):
        assert rig.client.get(path).status_code == 404
    assert rig.client.open(made["links"]["self"], method="DELETE").status_code == 404


def test_a_rotated_secret_is_new_and_shown_once(rig: ApiRig) -> None:
    """The answer says until when the old one signs as well."""
    made = add(rig.client)
    rotated = rig.client.post(made["links"]["rotate"]).json
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_expires_at"] > rotated["created_at"]
    assert "secret" not in rig.client.get(made["links"]["self"]).json


def test_the_log_shows_each_delivery(rig: ApiRig) -> None:
    """Its event, its job, and where it stands; the newest first."""
    made = add(rig.client)
    job_id = finish_a_job(rig, rig.client)
    rig.client.post(made["links"]["test"])
    ping, ended = log(rig.client, made)
    assert (ping["event"], ping["job_id"]) == ("ping", None)
    assert (ended["event"], ended["job_id"]) == ("job.completed", job_id)
    assert (ended["state"], ended["attempts"], ended["last_status"]) == ("pending", 0, None)
    assert ended["due_at"]
    first = rig.client.get(f"{made['links']['deliveries']}?limit=1").json
    rest = rig.client.get(f"{made['links']['deliveries']}?cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["deliveries"] + rest["deliveries"]] == [
        ping["id"],
        ended["id"],
    ]


def test_what_is_due_at_once_is_rung_for(rig: ApiRig) -> None:
    """After the commit; without a broker it is stored all the same, and the sweep finds it."""
    made = add(rig.client)
    ping = rig.client.post(made["links"]["test"]).json
    rig.client.post(ping["links"]["redeliver"])
    assert rig.queue.messages == [deliver(), deliver()]
    job_id = rig.client.post("/v1/jobs", data={"files": [part("a.png")]}).json["id"]
    rig.queue.is_down = True
    assert rig.client.post(f"/v1/jobs/{job_id}/cancel").json["state"] == "cancelled"
    assert [one["event"] for one in log(rig.client, made)] == ["job.cancelled", "ping"]


def test_a_delivery_is_sent_again_when_asked(rig: ApiRig) -> None:
    """Only to a webhook that is enabled, and only its own."""
    made, other = add(rig.client), add(rig.client)
    rig.client.post(made["links"]["test"])
    (ping,) = log(rig.client, made)
    again = rig.client.post(ping["links"]["redeliver"])
    assert (again.status_code, again.json["id"]) == (202, ping["id"])
    foreign = ping["links"]["redeliver"].replace(made["id"], other["id"])
    assert rig.client.post(foreign).status_code == 404
    rig.client.open(made["links"]["self"], method="PATCH", json={"enabled": False})
    assert rig.client.post(ping["links"]["redeliver"]).status_code == 409


def test_a_webhook_is_hidden_from_other_keys(make_rig: Callable[..., ApiRig]) -> None:
    """Every path of it answers 404, and it is not listed."""
    rig = make_rig(require_api_keys="always")
    mine, other = (rig.client_with(rig.add_key(name)) for name in ("mine", "other"))
    made, theirs = add(mine), add(other)
    ping = mine.post(made["links"]["test"]).json
    for method, path, body in (
        ("GET", made["links"]["self"], None),
        ("PATCH", made["links"]["self"], {"enabled": False}),
        ("DELETE", made["links"]["self"], None),
        ("GET", made["links"]["deliveries"], None),
        ("POST", made["links"]["rotate"], None),
        ("POST", made["links"]["test"], None),
        ("POST", ping["links"]["redeliver"], None),
    ):
        assert other.open(path, method=method, json=body).status_code == 404
    assert [one["id"] for one in other.get("/v1/webhooks").json["webhooks"]] == [theirs["id"]]
    assert mine.get(made["links"]["self"]).json["enabled"] is True


@pytest.mark.parametrize("webhook_id", ["wh_" + "0" * 32, "1", "wh_%00"])
def test_an_unknown_webhook_is_not_found(rig: ApiRig, webhook_id: str) -> None:
    """Whatever is asked of it."""
    for path in ("", "/deliveries"):
        assert rig.client.get(f"/v1/webhooks/{webhook_id}{path}").status_code == 404
