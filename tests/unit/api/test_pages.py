"""The web pages as the server renders them: whole without JavaScript."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from api.pages.numbers import clock
from api.pages.progress import pace
from api.pages.words import CODES, KINDS, STATES
from api.schemas import JobView
from core.terms import ItemCode, JobState, Label, Outcome
from tests.support.api import ApiRig, part
from tests.support.rows import add_champion

FORM = {"Accept": "text/html"}


class Inline(HTMLParser):
    """Collects what the content security policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note inline scripts, styles and handlers."""
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]


def upload(rig: ApiRig, *names: str) -> str:
    """Hand in the form of the start page; return the job's id."""
    empty = part("", b"")
    data = {"files": [*(part(name) for name in names), empty], "archive": empty}
    answer = rig.client.post("/jobs", data=data, headers=FORM)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def test_the_form_makes_a_job_and_leads_to_its_page(rig: ApiRig) -> None:
    """With the empty fields that browsers send; the page shows that the job waits."""
    public_id = upload(rig, "a.png")
    page = rig.client.get(f"/jobs/{public_id}")
    assert page.status_code == 200
    assert str(STATES[JobState.QUEUED]) in page.text
    assert "Cancel job" in page.text


def test_a_form_without_files_says_what_to_do(rig: ApiRig) -> None:
    """As a page, since a person sent it."""
    answer = rig.client.post(
        "/jobs", data={"files": part("", b""), "archive": part("", b"")}, headers=FORM
    )
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "Send either images" in answer.text


def test_the_first_paint_shows_every_verdict_that_is_there(rig: ApiRig) -> None:
    """Names escaped, scores as numbers, codes in plain words, and the counts."""
    public_id = upload(rig, "<b>fake</b>.png", "broken.png", "tree.png", "c.png")
    rig.worker.run(public_id)
    page = rig.client.get(f"/jobs/{public_id}").text
    assert "&lt;b&gt;fake&lt;/b&gt;.png" in page
    assert "<b>fake" not in page
    assert "0.970" in page
    assert "Not a readable image" in page
    assert "No face found" in page
    assert "Cancel job" not in page


def test_the_number_of_faces_is_shown(rig: ApiRig) -> None:
    """Beside the verdict of an image in which faces were looked for, and nowhere else."""
    public_id = upload(rig, "fake-group.png", "b.png")
    rig.worker.run(public_id)
    assert rig.client.get(f"/jobs/{public_id}").text.count("2 faces") == 1


def test_verdicts_are_shown_by_kind_and_page_by_page(rig: ApiRig) -> None:
    """The filter stays on the next page."""
    public_id = upload(rig, *(f"{'fake' if i % 2 else 'real'}-{i:03d}.png" for i in range(120)))
    rig.worker.run(public_id)
    page = rig.client.get(f"/jobs/{public_id}?show=fake").text
    assert "fake-001.png" in page
    assert "real-000.png" not in page
    link = page.partition('id="next"')[2].partition('href="')[2].partition('"')[0]
    last = rig.client.get(link.replace("&amp;", "&")).text
    assert "fake-119.png" in last
    assert "fake-001.png" not in last


def test_a_kind_that_does_not_exist_is_refused(rig: ApiRig) -> None:
    """With the kinds there are."""
    answer = rig.client.get(f"/jobs/{upload(rig, 'a.png')}?show=odd", headers=FORM)
    assert answer.status_code == 422
    assert "not_applicable" in answer.text


def test_a_job_is_cancelled_by_its_form(rig: ApiRig) -> None:
    """And once more changes nothing: the page shows the job as it is."""
    public_id = upload(rig, "a.png")
    for _ in range(2):
        answer = rig.client.post(f"/jobs/{public_id}/cancel", headers=FORM)
        assert answer.headers["Location"] == f"/jobs/{public_id}"
    assert str(STATES[JobState.CANCELLED]) in rig.client.get(f"/jobs/{public_id}").text


def test_a_job_that_has_ended_meanwhile_is_shown(rig: ApiRig) -> None:
    """Cancelling too late is no error for a person."""
    public_id = upload(rig, "a.png")
    rig.worker.run(public_id)
    assert rig.client.post(f"/jobs/{public_id}/cancel").status_code == 303


def test_jobs_are_listed_newest_first_and_paged(rig: ApiRig) -> None:
    """Each with its state; older ones behind a link."""
    made = [upload(rig, "a.png") for _ in range(27)]
    page = rig.client.get("/jobs").text
    assert page.index(made[26]) < page.index(made[25])
    assert made[1] not in page
    link = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert made[1] in rig.client.get(link).text
    assert "There are no such jobs." in rig.client.get("/jobs?state=failed").text


def test_a_folder_on_the_server_is_scanned_by_the_form(
    make_rig: Callable[..., ApiRig], tmp_path: Path
) -> None:
    """Offered only where the administrator allows folders."""
    (tmp_path / "faces").mkdir()
    rig = make_rig(allowed_roots=[tmp_path / "faces"])
    add_champion(rig.database)
    assert "folder on the server" in rig.client.get("/").text
    answer = rig.client.post("/jobs", data={"folder": str(tmp_path / "faces")})
    assert answer.status_code == 303
    assert rig.client.post("/jobs", data={"folder": "/"}).status_code == 422


def test_the_start_page_says_when_there_is_no_model_version(bare_rig: ApiRig) -> None:
    """And offers no folders, for there are no allowed roots."""
    page = bare_rig.client.get("/").text
    assert "There is no model version to scan with yet" in page
    assert "folder on the server" not in page


@pytest.mark.parametrize("path", ["/", "/jobs", "/jobs/{job}", "/nothing"])
def test_no_page_has_inline_scripts_or_styles(rig: ApiRig, path: str) -> None:
    """The policy would block them; every page names its language."""
    public_id = upload(rig, "a.png")
    rig.worker.run(public_id)
    page = rig.client.get(path.format(job=public_id), headers=FORM).text
    inline = Inline()
    inline.feed(page)
    assert inline.found == []
    assert '<html lang="en">' in page


def test_there_is_a_word_for_everything() -> None:
    """Every state, code, label and outcome without a label."""
    assert set(STATES) == set(JobState)
    assert set(CODES) == set(ItemCode)
    assert set(KINDS) == {*Label, *Outcome} - {Outcome.SCORED}


@pytest.mark.parametrize(
    ("rate", "eta_s", "said"),
    [
        (None, None, ""),
        (2.34, None, "2.3 images a second"),
        (1234.5, 59.0, "1,234 images a second, less than a minute left"),
        (20.0, 600.0, "20 images a second, about 10 min left"),
        (20.0, 7200.0, "20 images a second, about 2.0 h left"),
    ],
)
def test_the_pace_is_said_in_words(rate: float | None, eta_s: float | None, said: str) -> None:
    """As roughly as it is known."""
    job = JobView.model_construct(rate=rate, eta_s=eta_s)
    assert pace(job) == said


def test_times_are_in_utc_before_javascript() -> None:
    """And say so."""
    assert clock(datetime(2026, 11, 24, 2, 5, tzinfo=UTC)) == "24 Nov 2026, 02:05 UTC"


def test_the_api_has_a_page(guarded_rig: ApiRig) -> None:
    """Open to all like the document that it shows, with its scripts from here."""
    page = guarded_rig.client.get("/docs")
    assert page.status_code == 200
    scripts = re.findall(r'<script src="([^"]+)" defer></script>', page.text)
    assert len(scripts) == page.text.count("<script") == 2
    for path in scripts:
        answer = guarded_rig.client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert 'href="/openapi.json"' in page.text
