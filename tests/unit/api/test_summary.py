"""A job's verdicts in numbers: over HTTP, and on its page."""

import re

import pytest

from api.pages import summary
from core.terms import Scope
from tests.support.api import ApiRig, part


@pytest.fixture
def job_id(rig: ApiRig) -> str:
    """A job that has ended: a fake, a real, and a file that is no image."""
    data = {"files": [part("fake.png"), part("b.png"), part("broken.png")]}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id)
    return job_id


def test_scores_and_codes_are_counted(rig: ApiRig, job_id: str) -> None:
    """One of each."""
    found = rig.client.get(f"/v1/jobs/{job_id}/summary").json
    assert {label: sum(steps) for label, steps in found["scores"].items()} == {
        "fake": 1,
        "real": 1,
        "uncertain": 0,
    }
    assert (found["failed"], found["not_applicable"]) == ({"undecodable": 1}, {})


def test_the_page_draws_them_and_offers_another_try(rig: ApiRig, job_id: str) -> None:
    """A bar for each label that is there, and the errors by their words."""
    text = rig.client.get(f"/jobs/{job_id}").text
    (part_of_it,) = re.findall(r'<section class="card stack" id="summary".*?</section>', text, re.S)
    assert re.findall(r'<rect class="fill-(\w+)"', part_of_it) == ["real", "fake"]
    assert re.findall(r"min_score=([\d.]+)&amp;max_score=([\d.]+)", part_of_it) == [
        ("0.0", "0.05"),
        ("0.95", "1.0"),
    ]
    assert 'aria-label="Scores from 0.95 to 1.00: 1"' in part_of_it
    assert "Not a readable image" in part_of_it
    assert f'action="/jobs/{job_id}/retry"' in part_of_it
    assert '<input type="hidden" name="code" value="undecodable">' in part_of_it
    assert f'href="/jobs/{job_id}?code=undecodable"' in part_of_it
    assert part_of_it in rig.client.get(f"/jobs/{job_id}/summary").text


def test_a_large_job_is_counted_when_it_is_asked_for(
    rig: ApiRig, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page must not wait for all verdicts to be read."""
    monkeypatch.setattr(summary, "SUMMED_AT_ONCE", 2)
    assert "Count them" in rig.client.get(f"/jobs/{job_id}").text
    assert 'class="histogram"' in rig.client.get(f"/jobs/{job_id}?summary=1").text


def test_what_was_asked_for_is_asked_for_again(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the job runs: the counts of a large one, and the links into the same view."""
    monkeypatch.setattr(summary, "SUMMED_AT_ONCE", 0)
    job_id = rig.client.post("/v1/jobs", data={"files": [part("a.png"), part("b.png")]}).json["id"]
    rig.worker.plan(job_id, shard_size=1)
    rig.worker.finish(rig.worker.waiting(job_id)[0])
    for asked, is_counted in (("?view=grid", False), ("?view=grid&summary=1", True)):
        page = rig.client.get(f"/jobs/{job_id}{asked}").text
        (again,) = re.findall(r'id="summary" hx-get="([^"]+)"', page)
        fragment = rig.client.get(again.replace("&amp;", "&")).text
        assert fragment in page
        assert fragment.count(f'hx-get="{again}"') == 1
        assert ('class="histogram"' in fragment, "Count them" in fragment) == (
            is_counted,
            not is_counted,
        )
        assert "view=grid" in fragment.partition("<h2")[2]


def test_a_job_that_has_ended_is_not_asked_for_again(rig: ApiRig, job_id: str) -> None:
    """Its counts stay as they are."""
    assert 'id="summary" hx-get' not in rig.client.get(f"/jobs/{job_id}").text
    assert "hx-get" not in rig.client.get(f"/jobs/{job_id}/summary").text


def test_a_job_without_verdicts_has_nothing_to_show(rig: ApiRig) -> None:
    """So the part is there for what comes, and hidden."""
    job_id = rig.client.post("/v1/jobs", data={"files": [part("a.png")]}).json["id"]
    assert re.search(r'id="summary"[^>]* hidden>', rig.client.get(f"/jobs/{job_id}").text)


def test_nobody_counts_anothers_job(guarded_rig: ApiRig) -> None:
    """It is not there for them."""
    mine, theirs = (guarded_rig.add_key(name, Scope.SCAN) for name in ("mine", "theirs"))
    data = {"files": [part("a.png")]}
    job_id = guarded_rig.client_with(mine).post("/v1/jobs", data=data).json["id"]
    for path in (f"/v1/jobs/{job_id}/summary", f"/jobs/{job_id}/summary"):
        assert guarded_rig.client_with(mine).get(path).status_code == 200
        assert guarded_rig.client_with(theirs).get(path).status_code == 404
