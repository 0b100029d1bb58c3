"""Rate limits: whom they stop, whom they do not, and what the broker has to do with it."""

import secrets
import socket
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv6Address

import pytest
import time_machine
from redis import Redis

from api.rate_limits import ATTEMPTS_TO_SIGN_IN, OFF, REFUSALS, SUBMISSIONS, storage_url
from core.errors import ConfigurationError
from tests.support.api import Answer, ApiClient, ApiRig, part
from tests.support.rows import add_champion
from tests.support.services import valkey_server

MakeRig = Callable[..., ApiRig]
REFUSED_BEFORE_A_PAUSE = int(REFUSALS.partition("/")[0])
MINUTE = timedelta(minutes=1)


def read(client: ApiClient, address: str = "127.0.0.1") -> Answer:
    """Ask for the list of jobs from the address."""
    return client.get("/v1/jobs", environ_base={"REMOTE_ADDR": address})


def submit(client: ApiClient, path: str = "/v1/jobs") -> int:
    """Submit an image; return the status."""
    field = "image" if path == "/v1/scans" else "files"
    return client.post(path, data={field: part("a.png")}).status_code


def statuses(client: ApiClient, count: int, address: str = "127.0.0.1") -> list[int]:
    """Ask so many times; return how it was answered."""
    return [read(client, address).status_code for _ in range(count)]


def test_what_is_too_fast_is_told_when_to_go_on(make_rig: MakeRig) -> None:
    """A problem with `Retry-After`, and every answer says how much is left."""
    client = make_rig(rate_limit="2/minute").client
    with time_machine.travel("2026-01-02 03:04:05Z", tick=False) as clock:
        left = [read(client).headers["X-RateLimit-Remaining"] for _ in range(2)]
        refused = read(client)
        assert left == ["1", "0"]
        assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
        assert "Retry-After" in refused.json["detail"]
        pause_s = int(refused.headers["Retry-After"])
        assert 0 < pause_s <= 61
        assert refused.headers["X-RateLimit-Limit"] == "2"
        clock.shift(pause_s)
        assert "Retry-After" not in read(client).headers


def test_keys_are_limited_one_by_one(make_rig: MakeRig) -> None:
    """From one address, or from many."""
    rig = make_rig(rate_limit="2/minute", require_api_keys="always")
    busy, calm = (rig.client_with(rig.add_key(name)) for name in ("busy", "calm"))
    assert statuses(busy, 2) == [200, 200]
    assert statuses(busy, 1, "192.0.2.1") == [429]
    assert statuses(calm, 1) == [200]


def test_without_keys_addresses_are_limited_one_by_one(make_rig: MakeRig) -> None:
    """Of IPv6, networks: a caller can take any address of its own."""
    client = make_rig(rate_limit="1/minute").client
    assert statuses(client, 2, "192.0.2.1") == [200, 429]
    assert statuses(client, 1, "192.0.2.2") == [200]
    assert statuses(client, 1, "2001:db8:0:1::1") == [200]
    assert statuses(client, 1, "2001:db8:0:1:ffff::2") == [429]
    assert statuses(client, 1, "2001:db8:0:2::1") == [200]
    assert statuses(client, 2, "") == [200, 429]


def test_submissions_have_a_limit_of_their_own(make_rig: MakeRig) -> None:
    """However they are submitted; reading goes on."""
    rig = make_rig(rate_limit_submissions="2/minute")
    add_champion(rig.database)
    found = [submit(rig.client, path) for path in ("/v1/scans", "/v1/jobs", "/v1/jobs", "/jobs")]
    assert found == [202, 202, 429, 429]
    assert read(rig.client).status_code == 200


def test_limits_can_be_off(make_rig: MakeRig) -> None:
    """Then nothing is counted, and nothing told."""
    client = make_rig(rate_limit=OFF, rate_limit_submissions=OFF).client
    assert not [name for name, _ in read(client).headers if name.startswith("X-RateLimit")]


@pytest.mark.parametrize("name", ["rate_limit", "rate_limit_submissions"])
def test_a_limit_that_is_none_is_a_sentence(make_rig: MakeRig, name: str) -> None:
    """Before the first request; it names the setting."""
    with pytest.raises(ConfigurationError, match=f"FAKESWEEP_{name.upper()} is 'many'"):
        make_rig(**{name: "many"})


def test_refusals_are_limited_by_address(make_rig: MakeRig) -> None:
    """Whoever has a valid key is let in, wherever the others come from."""
    rig = make_rig(require_api_keys="always")
    good = rig.client_with(rig.add_key("app"))
    wrong = rig.client_with("fsk_" + "A" * 43)
    with time_machine.travel("2026-01-02 03:04:05Z", tick=False):
        assert set(statuses(wrong, REFUSED_BEFORE_A_PAUSE)) == {401}
        assert statuses(wrong, 1) == [429]
        assert read(wrong).headers["Retry-After"]
        assert statuses(rig.client, 1) == [429]
        assert rig.client.post("/sign-in", data={"key": "x"}).status_code == 429
        assert statuses(good, 1) == [200]
        assert rig.client.get("/healthz").status_code == 200
        assert statuses(wrong, 1, "192.0.2.1") == [401]


def test_attempts_to_sign_in_count_as_refusals(make_rig: MakeRig) -> None:
    """The form is no way around; a key that is valid does not count."""
    rig = make_rig(require_api_keys="always")
    key = rig.add_key("app")
    with time_machine.travel("2026-01-02 03:04:05Z", tick=False):
        for given, status in ((key, 303), ("x", 401)):
            for _ in range(REFUSED_BEFORE_A_PAUSE):
                answer = rig.client.post("/sign-in", data={"key": given})
                assert answer.status_code == status
        assert rig.client.post("/sign-in", data={"key": "x"}).status_code == 429


def test_a_key_that_is_not_valid_counts_on_pages_too(make_rig: MakeRig) -> None:
    """Though they lead to the form; whoever has none yet is only led there."""
    rig = make_rig(require_api_keys="always")
    wrong = rig.client_with("fsk_" + "A" * 43)
    with time_machine.travel("2026-01-02 03:04:05Z", tick=False):
        for client in (rig.client, wrong):
            for _ in range(REFUSED_BEFORE_A_PAUSE):
                assert client.get("/jobs").status_code == 303
        assert wrong.get("/jobs").status_code == 429


def test_every_limited_endpoint_exists(rig: ApiRig) -> None:
    """A view that is renamed keeps its limit."""
    assert rig.app.view_functions.keys() >= SUBMISSIONS | ATTEMPTS_TO_SIGN_IN


def test_processes_count_together_in_the_broker(make_rig: MakeRig, broker_url: str) -> None:
    """Two of them let through no more than one would."""
    own_network = str(IPv6Address(secrets.randbits(128)))
    with time_machine.travel("2026-01-02 03:04:05Z", tick=False):
        clients = [make_rig(rate_limit="3/minute", broker_url=broker_url).client for _ in range(2)]
        found = [read(client, own_network).status_code for client in clients * 2]
    assert found == [200, 200, 200, 429]


def test_a_broker_that_comes_and_goes(make_rig: MakeRig) -> None:
    """Requests are answered, and limited, while it is away; it counts again once it is back."""
    with valkey_server() as broker, time_machine.travel("2026-01-02 03:04:05Z") as clock:
        broker_path = broker.url.removeprefix("redis+socket://")
        client = make_rig(rate_limit="2/minute", broker_url=broker.url).client
        assert statuses(client, 3) == [200, 200, 429]
        broker.kill()
        assert statuses(client, 3) == [200, 200, 429]
        broker.restart()
        clock.shift(MINUTE)
        with Redis(unix_socket_path=broker_path) as redis:
            redis.flushall()
            assert statuses(client, 1) == [200]
            assert redis.keys("LIMITS*") != []


def test_a_broker_that_hangs_is_not_waited_for(make_rig: MakeRig) -> None:
    """It takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        client = make_rig(rate_limit="2/minute", broker_url=url).client
        assert statuses(client, 3) == [200, 200, 429]


@pytest.mark.parametrize(
    ("broker_url", "expected"),
    [
        ("redis+socket:///run/broker.sock", "redis+unix:///run/broker.sock?db=0"),
        ("redis+socket:///run/b.sock?virtual_host=3", "redis+unix:///run/b.sock?db=3"),
        ("redis+socket://:secret@/run/b.sock", "redis+unix://:secret@/run/b.sock?db=0"),
        ("redis://:secret@redis:6379/1", "redis://:secret@redis:6379/1"),
        ("rediss://redis:6379/1", "rediss://redis:6379/1"),
        ("amqp://rabbit", "memory://"),
    ],
)
def test_the_brokers_url_is_translated(broker_url: str, expected: str) -> None:
    """From Celery's way to write it."""
    assert storage_url(broker_url) == expected
