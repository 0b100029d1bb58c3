"""Heatmaps over HTTP: asked for once, waited for, and refused with a reason."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from sqlalchemy import update

from api import heatmaps as views
from core.taskqueue import explain
from core.terms import HeatmapCode, Label
from db import heatmaps
from db.clock import database_time
from db.models import Heatmap, Job
from tests.support.api import ApiRig, part

NO_WAIT = {"Prefer": "wait=0"}
PNG = b"\x89PNG overlay"


@pytest.fixture
def verdict_id(rig: ApiRig) -> str:
    """The verdict of a scanned image."""
    return scan(rig, "fake.png")


def scan(rig: ApiRig, name: str) -> str:
    """Scan an image by its name; return the id of its verdict."""
    job_id = rig.client.post("/v1/jobs", data={"files": part(name)}).json["id"]
    rig.worker.run(job_id)
    return rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"][0]["id"]


def path_of(verdict_id: str, face: int = 0) -> str:
    """Return the path of a heatmap."""
    return f"/v1/verdicts/{verdict_id}/heatmap.png?face={face}"


def make(rig: ApiRig) -> None:
    """Make the heatmap that has waited longest, as a worker does."""
    with rig.database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        key = heatmaps.storage_key(claim.public_id, claim.position, claim.face)
        rig.storage.write(key, PNG)
        heatmaps.finish(session, claim.key, towards=Label.FAKE, box=[1, 2, 31, 32])


def give_up(rig: ApiRig, code: HeatmapCode) -> None:
    """Let a worker find that the heatmap cannot be made."""
    with rig.database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        heatmaps.fail(session, claim.key, code, "It cannot be made; scan the image anew.")


@pytest.fixture
def worker(rig: ApiRig) -> Iterator[None]:
    """A worker that makes what is asked for, all the time."""
    stop = Event()

    def work() -> None:
        while not stop.wait(0.02):
            with rig.database.read() as session:
                waits = heatmaps.count_overdue(session, older_than_s=0)
            if waits:
                make(rig)

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_a_heatmap_is_asked_for_and_made_once(rig: ApiRig, verdict_id: str) -> None:
    """Until it is made, the answer says when to come back; one bell rings, however often."""
    rig.queue.messages.clear()
    for _ in range(2):
        answer = rig.client.get(path_of(verdict_id), headers=NO_WAIT)
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "2")
        assert answer.json == {"verdict_id": verdict_id, "face": 0, "state": "queued"}
    assert rig.queue.messages == [explain()]
    make(rig)
    made = rig.client.get(path_of(verdict_id), headers=NO_WAIT)
    assert (made.status_code, made.mimetype, made.data) == (200, "image/png", PNG)
    assert made.headers["Heatmap-Box"] == "1,2,31,32"
    assert made.headers["Heatmap-Towards"] == "fake"
    assert made.headers["Content-Security-Policy"].endswith("sandbox")
    assert rig.queue.messages == [explain()]


@pytest.mark.usefixtures("worker")
def test_whoever_asks_waits_for_it(rig: ApiRig, verdict_id: str) -> None:
    """Browsers cannot say how long; without a word it is some seconds."""
    assert rig.client.get(path_of(verdict_id)).data == PNG


def test_a_picture_that_was_deleted_is_made_anew(rig: ApiRig, verdict_id: str) -> None:
    """As retention deletes it with the job's uploads."""
    rig.client.get(path_of(verdict_id), headers=NO_WAIT)
    make(rig)
    rig.storage.delete(heatmaps.storage_key(verdict_id[:-2], 0, 0).rpartition("/")[0])
    rig.queue.messages.clear()
    assert rig.client.get(path_of(verdict_id), headers=NO_WAIT).status_code == 202
    assert rig.queue.messages == [explain()]
    make(rig)
    assert rig.client.get(path_of(verdict_id), headers=NO_WAIT).data == PNG


def test_a_broker_that_is_down_is_no_obstacle(rig: ApiRig, verdict_id: str) -> None:
    """The row is there, and recovery rings for it."""
    rig.queue.is_down = True
    assert rig.client.get(path_of(verdict_id), headers=NO_WAIT).status_code == 202
    make(rig)


@pytest.mark.parametrize("name", ["broken.png", "tree.png"])
def test_what_has_no_score_has_no_heatmap(rig: ApiRig, name: str) -> None:
    """And the answer says why there is none."""
    answer = rig.client.get(path_of(scan(rig, name)))
    assert answer.status_code == 409
    assert "no score that could be explained" in answer.json["detail"]


def test_faces_are_explained_one_by_one(rig: ApiRig) -> None:
    """Each scored one has a heatmap; one without a score, and one that is not there, have none."""
    group = scan(rig, "fake-group.png")
    statuses = [
        rig.client.get(path_of(group, face), headers=NO_WAIT).status_code for face in range(3)
    ]
    assert statuses == [202, 409, 404]
    assert rig.client.get(path_of(group, -1)).status_code == 422


def test_a_whole_image_has_one_heatmap(rig: ApiRig, verdict_id: str) -> None:
    """Its number is 0."""
    answer = rig.client.get(path_of(verdict_id, 1))
    assert answer.status_code == 404
    assert "there is one" in answer.json["detail"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (HeatmapCode.IMAGE_GONE, 410),
        (HeatmapCode.MODEL_GONE, 410),
        (HeatmapCode.GIVEN_UP, 409),
    ],
)
def test_a_heatmap_that_cannot_be_made_says_why(
    rig: ApiRig, verdict_id: str, code: HeatmapCode, status: int
) -> None:
    """In the worker's words; asked for half a minute later, it is tried again."""
    rig.client.get(path_of(verdict_id), headers=NO_WAIT)
    give_up(rig, code)
    answer = rig.client.get(path_of(verdict_id))
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["detail"].endswith("It cannot be made; scan the image anew.")
    with rig.database.write() as session:
        session.execute(update(Heatmap).values(failed_at=database_time(-60)))
    assert rig.client.get(path_of(verdict_id), headers=NO_WAIT).status_code == 202


def test_an_image_that_was_deleted_cannot_be_explained(rig: ApiRig, verdict_id: str) -> None:
    """Nobody is rung for; the setting that decided is named."""
    with rig.database.write() as session:
        session.execute(update(Job).values(uploads_deleted_at=database_time()))
    rig.queue.messages.clear()
    answer = rig.client.get(path_of(verdict_id))
    assert answer.status_code == 410
    assert "FAKESWEEP_KEEP_UPLOADS_DAYS" in answer.json["detail"]
    assert rig.queue.messages == []


@pytest.mark.parametrize("suffix", ["-7", "-00", "-9999999999", ""])
def test_a_verdict_that_is_not_there_is_not_found(
    rig: ApiRig, verdict_id: str, suffix: str
) -> None:
    """Whether no item has the position, or the id is none."""
    path = f"/v1/verdicts/{verdict_id[:-2]}{suffix}"
    assert rig.client.get(path).status_code == 404
    assert rig.client.get(f"{path}/heatmap.png").status_code == 404


def test_a_verdict_is_read_by_its_id(rig: ApiRig, verdict_id: str) -> None:
    """As the list of its job has it."""
    listed = rig.client.get(f"/v1/jobs/{verdict_id[:-2]}/verdicts").json["verdicts"]
    assert [rig.client.get(f"/v1/verdicts/{verdict_id}").json] == listed


def test_those_who_wait_leave_threads_for_others(rig: ApiRig, verdict_id: str) -> None:
    """When as many wait as may, the next one is told to come back at once."""
    room = rig.app.extensions["fakesweep"].waiting_room
    while room.acquire(blocking=False):
        pass
    assert rig.client.get(path_of(verdict_id)).status_code == 202
    assert views.WAIT_S > 0
