"""The page of a verdict as the server renders it: whole without JavaScript."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any

import pytest
from sqlalchemy import update

from api.pages import cards, scale
from api.pages.words import FACE_REASONS
from api.places import Places
from core.errors import StorageError
from core.sources import SourceItem
from core.terms import FaceReason, Label
from db import heatmaps
from db.clock import database_time
from db.models import Job, ModelVersion
from db.verdicts import NewVerdict
from tests.support.api import ApiRig, part, png
from tests.support.images import encoded, photo_like
from tests.support.pretend_worker import judge_by_name
from tests.support.rows import add_champion, add_job_of, get_job
from tests.support.signing import signed
from tests.support.web import LOOPBACK, web_server
from tests.unit.api.test_images import FreeLater, with_taken
from tests.unit.api.test_pages import FORM, Inline

CARD = {
    "calibration": {"threshold": 0.6, "band_low": 0.5, "band_high": 0.7},
    "metrics": {"test": {"n": 1000, "auc": 0.9, "false_fake_rate": 0.02, "recall": 0.75}},
}


def judge(position: int, item: SourceItem) -> NewVerdict:
    """Return a verdict by the name, with the digest that drawn images have."""
    return replace(judge_by_name(position, item), sha256=hashlib.sha256(png()).digest())


def scan(rig: ApiRig, *names: str) -> str:
    """Scan images by their names; return the path of the first one's page."""
    data = {"files": [part(name) for name in names]}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id, judge=judge)
    return f"/verdicts/{job_id}-0"


def set_card(rig: ApiRig, card: dict[str, Any]) -> None:
    """Give the model version a card."""
    with rig.database.write() as session:
        session.execute(update(ModelVersion).values(card=card))


def test_the_page_shows_the_verdict_and_its_image(rig: ApiRig) -> None:
    """The name escaped, the score, the model version, and the image in its sandbox."""
    path = scan(rig, "<b>fake</b>.png")
    page = rig.client.get(path).text
    assert "&lt;b&gt;fake&lt;/b&gt;.png" in page
    assert "<b>fake" not in page
    assert "0.970" in page
    assert "tiny-1" in page
    assert f'src="/v1{path}/image.jpg"' in page
    assert rig.client.get(f"/v1{path}/image.jpg").status_code == 200
    assert "PNG, 32 x 32 pixels" in page
    assert "The file says nothing of a camera." in page


def test_the_jobs_page_leads_there(rig: ApiRig) -> None:
    """From each row, and back again."""
    path = scan(rig, "fake.png", "b.png")
    job_path = f"/jobs/{path.rpartition('/')[2][:-2]}"
    assert f'href="{path}"' in rig.client.get(job_path).text
    assert f'href="{job_path}"' in rig.client.get(path).text


def test_each_face_has_a_box_with_its_score(rig: ApiRig) -> None:
    """One without a score says why, and has no heatmap to show."""
    page = rig.client.get(scan(rig, "fake-group.png")).text
    assert page.count('class="face ') == 2
    assert "1 · 0.970" in page
    assert str(FACE_REASONS[FaceReason.FACE_TOO_SMALL]) in page
    assert "heatmap=0" in page
    assert "heatmap=1" not in page


def test_the_score_stands_on_a_scale_with_its_threshold(rig: ApiRig) -> None:
    """And the band around it; a card without one is said to be so."""
    path = scan(rig, "fake.png")
    assert "does not say where its threshold is" in rig.client.get(path).text
    set_card(rig, CARD)
    page = rig.client.get(path).text
    assert "threshold 0.600, uncertain from 0.500 to 0.700" in page
    assert "has no distributions of scores" in page
    assert "2.0 % of the real ones are flagged" in page


def test_the_score_is_compared_with_those_of_test_images(rig: ApiRig) -> None:
    """Where the card has their distributions."""
    set_card(rig, CARD | {"score_distributions": {"real": [8, 1, 1, 0], "fake": [0, 1, 3, 6]}})
    page = rig.client.get(scan(rig, "fake.png")).text
    assert page.count('class="distribution"') == 2
    assert "Real test images: about 100 % of them score lower." in page
    assert "Fake test images: about 40 % of them score lower." in page


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"score_distributions": None, "metrics": None, "calibration": []},
        {"score_distributions": {"real": []}, "metrics": {"test": None}, "calibration": {}},
        {"score_distributions": {"real": ["x"], "fake": 3}, "metrics": {"test": {"n": None}}},
        {"score_distributions": [1], "calibration": {"threshold": "x"}},
    ],
)
def test_a_card_that_is_written_otherwise_breaks_no_page(card: dict[str, Any]) -> None:
    """What is not understood is not there."""
    assert scale.band_of(card) is None
    assert scale.distributions_of(card, 0.5) == []
    assert cards.overall_of(card) is None


def test_a_heatmap_is_asked_for_and_laid_over_the_image(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is there, the page says so, and comes again or asks for that part of it."""
    monkeypatch.setattr("api.pages.heat.WAIT_S", 0)
    path = scan(rig, "fake.png")
    waiting = rig.client.get(f"{path}?heatmap=0").text
    assert "The heatmap is being made" in waiting
    assert 'http-equiv="refresh"' in waiting
    (again,) = re.findall(r'hx-get="(/verdicts/[^"]+/heat[^"]+)"', waiting)
    assert rig.client.get(again).status_code == 204
    with rig.database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        rig.storage.write(heatmaps.storage_key(claim.public_id, 0, 0), png())
        heatmaps.finish(session, claim.key, towards=Label.FAKE, box=[4, 6, 24, 26])
    made = rig.client.get(f"{path}?heatmap=0").text
    assert 'http-equiv="refresh"' not in made
    place = re.search(r'href="/v1/verdicts/[^"]+face=0" x="(\d+)" y="(\d+)" width="(\d+)"', made)
    assert place is not None
    assert place.groups() == ("4", "6", "20")
    assert rig.client.get(again).text in made
    assert "/heat?" not in made


def test_a_heatmap_that_cannot_be_made_says_why_on_the_page(rig: ApiRig) -> None:
    """The rest of the page is there all the same."""
    page = rig.client.get(f"{scan(rig, 'tree.png')}?heatmap=0")
    assert page.status_code == 200
    assert "no score that could be explained" in page.text
    assert "No face found" in page.text
    assert 'hx-trigger="load' not in page.text


def test_a_heatmap_that_cannot_be_read_now_leaves_the_rest_of_the_page(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes again by itself, as one that is being made."""
    path = scan(rig, "fake.png")
    rig.client.get(f"{path}?heatmap=0")
    with rig.database.write() as session:
        claim = heatmaps.claim_next(session, lease_s=60)
        assert claim is not None
        heatmaps.finish(session, claim.key, towards=Label.FAKE, box=[4, 6, 24, 26])

    def fail(*_: object, **__: object) -> bytes:
        raise StorageError("The bucket does not answer.")

    monkeypatch.setattr("api.heatmaps.read_bytes", fail)
    page = rig.client.get(f"{path}?heatmap=0")
    assert page.status_code == 200
    assert "The heatmap does not answer at the moment" in page.text
    assert 'http-equiv="refresh"' in page.text
    assert "0.970" in page.text
    assert rig.client.get(f"{path}/heat?face=0").status_code == 503


def test_an_image_that_is_gone_says_so_on_the_page(rig: ApiRig) -> None:
    """Its verdict stays."""
    path = scan(rig, "fake.png")
    with rig.database.write() as session:
        session.execute(update(Job).values(uploads_deleted_at=database_time()))
    page = rig.client.get(path).text
    assert "FAKESWEEP_KEEP_UPLOADS_DAYS" in page
    assert "image.jpg" not in page
    assert "0.970" in page


def test_a_file_that_is_no_image_is_not_shown(rig: ApiRig) -> None:
    """The page says why there is no score."""
    data = {"files": part("broken.png", b"<script>alert(1)</script>")}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id)
    page = rig.client.get(f"/verdicts/{job_id}-0").text
    assert "Not a readable image" in page
    assert "is not an image that can be shown" in page
    assert "image.jpg" not in page
    assert "alert(1)" not in page


def test_an_image_that_was_refused_says_why(make_rig: Callable[..., ApiRig]) -> None:
    """On the page and over HTTP: it was never kept, so nobody reads where it is not."""
    rig = make_rig(max_image_bytes=1024)
    add_champion(rig.database)
    data = {"files": [part("large.png", bytes(1025)), part("fake.png")]}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id)
    page = rig.client.get(f"/verdicts/{job_id}-0").text
    assert "it was refused before it was scanned. The file has 1,025 bytes" in page
    assert "URI" not in page
    answer = rig.client.get(f"/v1/verdicts/{job_id}-0/image.jpg")
    assert (answer.status_code, "1,025 bytes" in answer.json["detail"]) == (410, True)


def test_another_server_is_asked_only_when_somebody_wants_it(
    make_rig: Callable[..., ApiRig],
) -> None:
    """It would learn that the image is being looked at."""
    rig = make_rig(outbound_allowed_networks=LOOPBACK)
    with web_server() as web:
        web.serve("/fake.png", png())
        job = add_job_of(rig.database, ["fake.png"], root=web.root)
        path = f"/verdicts/{get_job(rig.database, job).public_id}-0"
        rig.worker.run(path[10:-2], judge=judge)
        page = rig.client.get(path).text
        assert "would be asked for it again" in page
        assert "image.jpg" not in page
        assert "heatmap" not in rig.client.get(f"{path}?heatmap=0").text
        assert rig.queue.messages == []  # no worker is told to read it
        assert web.requests == []
        fetched = rig.client.get(f"{path}?fetch=1").text
        assert "image.jpg" in fetched
        assert "?heatmap=0&amp;fetch=1" in fetched
        assert web.requests == ["GET /fake.png"]
        with_taken(rig, fetching=Places(FreeLater(), BoundedSemaphore(0)))
        busy = rig.client.get(f"{path}?fetch=1")
        assert busy.status_code == 200
        assert "The image does not answer at the moment" in busy.text
        assert "0.970" in busy.text


def test_the_same_image_is_found_in_other_jobs(guarded_rig: ApiRig) -> None:
    """Of the same key; those of others are not there for it."""
    rig = guarded_rig
    clients = [rig.client_with(rig.add_key(name)) for name in ("mine", "theirs")]
    paths = []
    for client in (clients[0], clients[0], clients[1]):
        job_id = client.post("/v1/jobs", data={"files": part("fake.png")}).json["id"]
        rig.worker.run(job_id, judge=judge)
        paths.append(f"/verdicts/{job_id}-0")
    page = clients[0].get(paths[0]).text
    assert f'href="{paths[1]}"' in page
    assert paths[2] not in page
    assert "No other image that you can see" in clients[1].get(paths[2]).text
    assert clients[1].get(paths[0]).status_code == 404


def test_feedback_is_given_by_a_form(rig: ApiRig) -> None:
    """The page shows what was said, its note escaped, and leads back to where it was said."""
    path = scan(rig, "fake.png")
    assert "Wrong, it is real" in rig.client.get(path).text
    answer = rig.client.post(
        f"{path}/feedback", data={"truth": "real", "note": "<i>mine</i>"}, headers=FORM
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}#feedback")
    page = rig.client.get(path).text
    assert "Somebody said that it is <strong>real</strong>" in page
    assert "&lt;i&gt;mine&lt;/i&gt;" in page
    assert "<i>mine" not in page


def test_content_credentials_are_told(rig: ApiRig) -> None:
    """Who signed what about the image, in plain text; the others are said to have none."""
    assert "The file has none." in rig.client.get(scan(rig, "fake.png")).text
    image = signed(encoded(photo_like(5, (96, 64)), "JPEG"), maker="<i>Dream</i>")

    def judge_signed(position: int, item: SourceItem) -> NewVerdict:
        return replace(judge_by_name(position, item), sha256=hashlib.sha256(image).digest())

    data = {"files": part("fake.jpg", image)}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id, judge=judge_signed)
    page = rig.client.get(f"/verdicts/{job_id}-0").text
    assert "It says that a model made the image" in page
    assert "&lt;i&gt;Dream&lt;/i&gt; 2" in page
    assert "Somebody of the tests" in page


def test_an_uncertain_verdict_asks_what_the_image_is(rig: ApiRig) -> None:
    """For it is neither right nor wrong."""
    page = rig.client.get(scan(rig, "unsure.png")).text
    assert "It is fake" in page
    assert "Wrong" not in page


def test_another_site_cannot_send_the_form(rig: ApiRig) -> None:
    """As any form of the pages."""
    path = scan(rig, "fake.png")
    answer = rig.client.post(
        f"{path}/feedback", data={"truth": "real"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["fake-group.png", "broken.png", "unsure.png"])
def test_the_page_has_no_inline_scripts_or_styles(rig: ApiRig, name: str) -> None:
    """The policy would block them."""
    path = scan(rig, name)
    for query in ("", "?heatmap=0"):
        inline = Inline()
        inline.feed(rig.client.get(f"{path}{query}", headers=FORM).text)
        assert inline.found == []


def test_every_reason_of_a_face_has_words() -> None:
    """In a few of them."""
    assert set(FACE_REASONS) == set(FaceReason)
