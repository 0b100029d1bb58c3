"""The image of a verdict over HTTP: shown as it was scored, encoded anew, in a sandbox."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore

import pytest
from PIL import Image
from sqlalchemy import update

from api import places
from api.places import Places
from core.localfiles import local_path
from core.sources import SourceItem
from core.storage import read_bytes
from db.clock import database_time
from db.models import Job
from db.verdicts import NewVerdict
from tests.support.api import ApiRig, part, png
from tests.support.images import encoded, photo_like
from tests.support.pretend_worker import judge_by_name
from tests.support.rows import add_job_of, get_job
from tests.support.web import LOOPBACK, Web, web_server


def judge_by_bytes(position: int, item: SourceItem) -> NewVerdict:
    """Return a verdict with the digest of the item's own bytes."""
    content = read_bytes(item.uri, max_bytes=10**8)
    return replace(judge_by_name(position, item), sha256=hashlib.sha256(content).digest())


def scan(rig: ApiRig, content: bytes, name: str = "a.png") -> str:
    """Scan an uploaded image; return the id of its verdict."""
    job_id = rig.client.post("/v1/jobs", data={"files": part(name, content)}).json["id"]
    rig.worker.run(job_id, judge=judge_by_bytes)
    return f"{job_id}-0"


def stored(rig: ApiRig) -> Path:
    """Return the file of the uploaded image."""
    [key] = [key for key in rig.kept() if "/files/" in key]
    return Path(local_path(rig.storage.uri(key)))


def test_an_image_is_encoded_anew_and_bounded(rig: ApiRig) -> None:
    """Whatever came, a JPEG goes, without what was hidden in the file."""
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    content = encoded(photo_like(1, (2400, 1200)), "JPEG", exif=exif)
    assert b"a secret" in content
    answer = rig.client.get(f"/v1/verdicts/{scan(rig, content)}/image.jpg")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert b"a secret" not in answer.data
    with Image.open(io.BytesIO(answer.data)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (1600, 800))


def test_an_image_comes_in_a_sandbox(rig: ApiRig) -> None:
    """No browser runs anything of it, or takes it for something else."""
    headers = rig.client.get(f"/v1/verdicts/{scan(rig, png())}/image.jpg").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "content", [b"<script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_what_is_no_image_is_not_shown(rig: ApiRig, content: bytes) -> None:
    """It is refused with a sentence, and nothing of it goes out."""
    answer = rig.client.get(f"/v1/verdicts/{scan(rig, content)}/image.jpg")
    assert answer.status_code == 409
    assert answer.json["detail"].startswith("The image cannot be shown. ")
    assert b"alert" not in answer.data


def test_an_image_that_was_changed_is_not_shown(rig: ApiRig) -> None:
    """The verdict is not its."""
    verdict_id = scan(rig, png())
    stored(rig).write_bytes(png("red"))
    answer = rig.client.get(f"/v1/verdicts/{verdict_id}/image.jpg")
    assert answer.status_code == 410
    assert "changed since" in answer.json["detail"]


def test_an_image_that_is_gone_says_so(rig: ApiRig) -> None:
    """Whether retention deleted it, or somebody else did."""
    verdict_id = scan(rig, png())
    stored(rig).unlink()
    answer = rig.client.get(f"/v1/verdicts/{verdict_id}/image.jpg")
    assert (answer.status_code, answer.json["title"]) == (410, "Gone")
    with rig.database.write() as session:
        session.execute(update(Job).values(uploads_deleted_at=database_time()))
    answer = rig.client.get(f"/v1/verdicts/{verdict_id}/image.jpg")
    assert answer.status_code == 410
    assert "FAKESWEEP_KEEP_UPLOADS_DAYS" in answer.json["detail"]


@pytest.fixture
def web() -> Iterator[Web]:
    """A server with an image."""
    with web_server() as web:
        web.serve("/a.png", png())
        yield web


def scan_url(rig: ApiRig, web: Web) -> str:
    """Scan the image of the server; return the id of its verdict."""
    job_id = get_job(rig.database, add_job_of(rig.database, ["a.png"], root=web.root)).public_id
    digest = hashlib.sha256(png()).digest()
    rig.worker.run(job_id, judge=lambda at, item: replace(judge_by_name(at, item), sha256=digest))
    return f"{job_id}-0"


def test_an_image_at_a_url_is_fetched_again(make_rig: Callable[..., ApiRig], web: Web) -> None:
    """Through the guards of every fetch: a network that is not allowed any more is not asked."""
    rig = make_rig(outbound_allowed_networks=LOOPBACK)
    path = f"/v1/verdicts/{scan_url(rig, web)}/image.jpg"
    assert rig.client.get(path).status_code == 200
    assert web.requests == ["GET /a.png"]
    refused = make_rig().client.get(path)
    assert refused.status_code == 410
    assert refused.json["detail"].startswith("The image cannot be read any more. ")
    assert web.requests == ["GET /a.png"]


class FreeLater(BoundedSemaphore):
    """Places that are all taken, until somebody waits for one."""

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Return whether the caller waits."""
        return blocking and timeout != 0

    def release(self, n: int = 1) -> None:
        """Take a place back."""


def with_taken(rig: ApiRig, **places: Places) -> None:
    """Let the application work with other places."""
    rig.app.extensions["fakesweep"] = replace(rig.app.extensions["fakesweep"], **places)


def test_who_looks_at_an_image_waits_for_a_place(make_rig: Callable[..., ApiRig], web: Web) -> None:
    """To fetch it, and to decode it; those who wait for a verdict need none of these places."""
    rig = make_rig(outbound_allowed_networks=LOOPBACK)
    path = f"/v1/verdicts/{scan_url(rig, web)}/image.jpg"
    room = rig.app.extensions["fakesweep"].waiting_room
    while room.acquire(blocking=False):
        pass
    later = Places(FreeLater(), BoundedSemaphore(1))
    with_taken(rig, fetching=later, decoding=later)
    assert rig.client.get(path).status_code == 200


@pytest.mark.parametrize("step", ["fetching", "decoding"])
def test_few_wait_for_a_place(make_rig: Callable[..., ApiRig], web: Web, step: str) -> None:
    """The next one is told to come back at once, so that threads are left for others."""
    rig = make_rig(outbound_allowed_networks=LOOPBACK)
    path = f"/v1/verdicts/{scan_url(rig, web)}/image.jpg"
    in_line = rig.app.extensions["fakesweep"].fetching.waiting
    assert in_line is rig.app.extensions["fakesweep"].decoding.waiting
    taken = [in_line.acquire(blocking=False) for _ in range(3)]
    assert taken == [True, True, False]
    with_taken(rig, **{step: Places(FreeLater(), in_line)})
    answer = rig.client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_nobody_waits_for_a_place_for_too_long(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has to is told to come back."""
    verdict_id = scan(rig, png())
    monkeypatch.setattr(places, "PATIENCE_S", 0)
    with_taken(rig, decoding=Places(FreeLater(), BoundedSemaphore(1)))
    answer = rig.client.get(f"/v1/verdicts/{verdict_id}/image.jpg")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_browser_keeps_an_image_for_a_while(rig: ApiRig) -> None:
    """For whoever asked for it, and nobody else."""
    headers = rig.client.get(f"/v1/verdicts/{scan(rig, png())}/image.jpg").headers
    assert headers["Cache-Control"] == "private, max-age=300"
    assert {"Authorization", "Cookie"} <= {one.strip() for one in headers["Vary"].split(",")}
