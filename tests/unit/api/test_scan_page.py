"""The scan page as the server renders it: what was handed in, and how its scan goes."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image
from sqlalchemy import update

from api.pages import live
from core.names import ARCHIVE_ENDINGS
from core.sources import SourceItem
from core.terms import SourceType
from db.models import ModelVersion
from db.verdicts import NewVerdict
from tests.support.api import ApiRig, part
from tests.support.images import encoded, photo_like
from tests.support.pretend_worker import judge_by_name
from tests.support.rows import add_champion
from tests.unit.api.test_pages import FORM, Inline, upload

CARD = {"calibration": {"threshold": 0.6, "band_low": 0.5, "band_high": 0.7}}


def test_the_address_of_the_page_names_jobs_that_it_shows(rig: ApiRig) -> None:
    """With a card for each verdict, names escaped; what is no job, or gone, is passed over."""
    public_id = upload(rig, "<b>fake</b>-group.png", "tree.png", "broken.png")
    rig.worker.run(public_id)
    asked = [public_id, f"job_{'0' * 32}", "nothing\0", public_id]
    page = rig.client.get("/", query_string={"job": asked})
    assert page.status_code == 200
    assert page.text.count("data-job=") == 1
    assert page.text.count("data-position=") == 3
    assert "&lt;b&gt;fake&lt;/b&gt;-group.png" in page.text
    assert page.text.count('class="face ') == 2
    assert "No face found" in page.text
    assert "There is no picture of it." in page.text
    assert page.text.count("<code>tiny-1</code>") == 4  # three cards, and what scans now
    inline = Inline()
    inline.feed(page.text)
    assert inline.found == []


def test_the_scale_of_a_card_has_the_threshold_and_the_band(rig: ApiRig) -> None:
    """As far as the model card says where they are."""
    public_id = upload(rig, "fake.png")
    rig.worker.run(public_id)
    bare = rig.client.get(f"/jobs/{public_id}/live").text
    assert 'aria-label="Score 0.970"' in bare
    with rig.database.write() as session:
        session.execute(update(ModelVersion).values(card=CARD))
    page = rig.client.get(f"/jobs/{public_id}/live").text
    assert "Score 0.970; threshold 0.600, uncertain from 0.500 to 0.700" in page
    assert "the threshold is" in page


def test_cards_go_on_after_the_landing_that_was_seen(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few landings at a time, each card once."""
    monkeypatch.setattr(live, "LANDINGS_A_READ", 2)
    public_id = upload(rig, "a.png", "b.png", "c.png")
    rig.worker.run(public_id, shard_size=1)
    first = rig.client.get(f"/jobs/{public_id}/cards").text
    assert 'data-landing="2" data-more' in first
    assert [name in first for name in (">a.png<", ">b.png<", ">c.png<")] == [True, True, False]
    rest = rig.client.get(f"/jobs/{public_id}/cards?landing=2").text
    assert 'data-landing="3" >' in rest
    assert [name in rest for name in (">a.png<", ">b.png<", ">c.png<")] == [False, False, True]
    assert 'data-landing="3" >' in rig.client.get(f"/jobs/{public_id}/cards?landing=3").text
    assert rig.client.get(f"/jobs/{public_id}/cards?landing=-1", headers=FORM).status_code == 422


def test_the_page_offers_every_archive_that_jobs_unpack(rig: ApiRig) -> None:
    """Its script tells them by the same endings."""
    field = rig.client.get("/").text.partition('name="archive" accept="')[2].partition('"')[0]
    assert tuple(field.split(",")) == ARCHIVE_ENDINGS


def test_jobs_of_other_keys_are_not_shown(guarded_rig: ApiRig) -> None:
    """Neither by the page's address nor by their parts."""
    owner, other = (
        guarded_rig.client_with(guarded_rig.add_key(name)) for name in ("owner", "other")
    )
    public_id = owner.post("/v1/jobs", data={"files": part("a.png")}).json["id"]
    assert public_id in owner.get(f"/?job={public_id}").text
    assert public_id not in other.get(f"/?job={public_id}").text
    for path in ("live", "cards"):
        assert owner.get(f"/jobs/{public_id}/{path}").status_code == 200
        assert other.get(f"/jobs/{public_id}/{path}").status_code == 404


def test_urls_are_handed_in_by_the_form(make_rig: Callable[..., ApiRig]) -> None:
    """One a line; offered only where this installation fetches URLs."""
    rig = make_rig()
    add_champion(rig.database)
    assert 'name="urls"' in rig.client.get("/").text
    lines = "https://example.org/a.png\r\n\r\n  https://example.org/b.png \r\n"
    answer = rig.client.post("/jobs", data={"urls": lines}, headers=FORM)
    assert answer.status_code == 303
    job = rig.client.get(f"/v1{answer.headers['Location']}").json
    assert job["source"]["type"] == SourceType.URLS
    rig.worker.plan(job["id"])
    assert rig.client.get(f"/v1/jobs/{job['id']}").json["counters"]["total"] == 2
    refused = rig.client.post(
        "/jobs", data={"urls": "https://a.org/b.png\nfile:///c"}, headers=FORM
    )
    assert refused.status_code == 422
    assert "Number 2, file:///c: Only https:// URLs are accepted here." in refused.text
    assert rig.client.post("/jobs", data={"urls": " \n"}, headers=FORM).status_code == 422
    assert 'name="urls"' not in make_rig(url_sources=False).client.get("/").text


def test_a_thumbnail_is_as_small_as_it_is_asked_for(rig: ApiRig) -> None:
    """The longest side counts; what is no size is refused."""
    content = encoded(photo_like(1, (800, 400)), "PNG")

    def judge(position: int, item: SourceItem) -> NewVerdict:
        return replace(judge_by_name(position, item), sha256=hashlib.sha256(content).digest())

    data = {"files": part("a.png", content)}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id, judge=judge)
    answer = rig.client.get(f"/v1/verdicts/{job_id}-0/image.jpg?side=480")
    with Image.open(io.BytesIO(answer.data)) as shown:
        assert shown.size == (480, 240)
    for side in ("0", "1601", "x"):
        refused = rig.client.get(f"/v1/verdicts/{job_id}-0/image.jpg?side={side}")
        assert refused.status_code == 422
