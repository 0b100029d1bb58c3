"""Scanning a single image over HTTP, with and without waiting for its verdict."""

from collections.abc import Callable

import pytest

from api.services import services
from api.waiting import preferred_wait_s
from core.taskqueue import Message, scan_next
from core.terms import JobKind
from db import jobs
from tests.support.api import ApiRig, part
from tests.support.queue import RecordingQueue
from tests.support.rows import add_champion


class EagerQueue(RecordingQueue):
    """Has the pretend worker finish every shard the moment its message is sent."""

    def __init__(self, finish_next: Callable[[], None]) -> None:
        super().__init__()
        self._finish_next = finish_next

    def send(self, message: Message) -> None:
        """Keep the message and finish the shard whose turn it is."""
        super().send(message)
        self._finish_next()


@pytest.fixture
def eager_rig(rig: ApiRig) -> ApiRig:
    """An application whose single scans end at once."""
    queue = EagerQueue(rig.worker.finish_next)
    return ApiRig(rig.settings, rig.database, rig.storage, queue)


def test_a_scan_is_planned_at_once_and_sent_as_interactive(rig: ApiRig) -> None:
    """Its one shard is queued in the transaction that made the job: no hop over the planner."""
    answer = rig.client.post("/v1/scans", data={"image": part("face.png")})
    assert answer.status_code == 202
    with rig.database.read() as session:
        job = jobs.get(session, answer.json["job"]["id"])
    assert (job.kind, job.total, job.listed_at is not None) == (JobKind.SINGLE, 1, True)
    assert len(rig.worker.waiting(job.public_id)) == 1
    assert rig.queue.messages == [scan_next(interactive=True)]
    assert answer.json["verdict"] is None


def test_waiting_turns_accepted_into_the_verdict(eager_rig: ApiRig) -> None:
    """`Prefer: wait` gives 200 with the verdict, and says that it was applied."""
    answer = eager_rig.client.post(
        "/v1/scans", data={"image": part("fake.png")}, headers={"Prefer": "wait=5"}
    )
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=5"
    verdict = answer.json["verdict"]
    assert (verdict["label"], verdict["score"], verdict["position"]) == ("fake", 0.97, 0)
    assert answer.json["job"]["state"] == "completed"


def test_a_wait_that_is_too_short_gives_the_job(make_rig: Callable[..., ApiRig]) -> None:
    """The client's wait is capped by the setting; then it reads the job."""
    rig = make_rig(max_wait_s=1)
    add_champion(rig.database)
    answer = rig.client.post(
        "/v1/scans", data={"image": part("a.png")}, headers={"Prefer": "wait=600"}
    )
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['job']['id']}"
    assert "Preference-Applied" not in answer.headers


def test_nobody_waits_when_too_many_do(rig: ApiRig) -> None:
    """A full waiting room answers at once, so that waiting never takes every request thread."""
    with rig.app.app_context():
        room = services().waiting_room
    while room.acquire(blocking=False):
        pass
    answer = rig.client.post(
        "/v1/scans", data={"image": part("a.png")}, headers={"Prefer": "wait=600"}
    )
    assert answer.status_code == 202


def test_an_image_that_is_too_large_ends_as_its_verdict(make_rig: Callable[..., ApiRig]) -> None:
    """The same way as in a bulk job: an item's outcome, not an error of the request."""
    rig = make_rig(max_image_bytes=1024)
    add_champion(rig.database)
    answer = rig.client.post("/v1/scans", data={"image": part("large.png", bytes(1025))})
    rig.worker.run(answer.json["job"]["id"])
    [verdict] = rig.client.get(answer.json["job"]["links"]["verdicts"]).json["verdicts"]
    assert (verdict["outcome"], verdict["code"]) == ("failed", "too_large")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"json": {"image": "x"}}, 415),
        ({"data": {}, "content_type": "multipart/form-data"}, 422),
        ({"data": {"image": "text"}, "content_type": "multipart/form-data"}, 422),
        ({"data": {"image": [part("a.png"), part("b.png")]}}, 422),
        ({"data": {"file": part("a.png")}}, 422),
    ],
)
def test_a_body_without_exactly_one_image_is_refused(rig: ApiRig, given: dict, status: int) -> None:
    """Nothing is kept, and nothing is sent."""
    answer = rig.client.post("/v1/scans", **given)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (rig.kept(), rig.queue.messages) == ([], [])


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, 0),
        ("", 0),
        ("wait=10", 10),
        ("respond-async, WAIT = 7; foo=bar", 7),
        ('wait="3"', 3),
        ("wait=-1", 0),
        ("wait=soon", 0),
        ("waiter=5", 0),
        ("wait=99999999999999999999", 0),
    ],
)
def test_preferences_are_read_as_the_rfc_says(header: str | None, wait_s: int) -> None:
    """A preference that makes no sense is as good as none."""
    assert preferred_wait_s(header) == wait_s
