"""The list of jobs as the server renders it: searched, made, and what is done with a job."""

import io
from collections.abc import Callable

import pytest

from core.terms import JobState, Label, Priority, Scope
from db import jobs
from tests.support.api import ApiRig, part
from tests.support.rows import add_champion
from tests.unit.api.test_pages import FORM, Inline, upload

MANIFEST = b'{"uri": "https://example.org/a.png"}\n'


def noted(rig: ApiRig, name: str, note: str) -> str:
    """Make a job of one image with a note on it; return its id."""
    key, _, value = note.partition(":")
    options = f'{{"metadata": {{"{key}": "{value}"}}}}'
    made = rig.client.post("/v1/jobs", data={"files": part(name), "options": options})
    return made.json["id"]


def found(rig: ApiRig, **asked: str) -> list[str]:
    """Return the ids of the jobs on the page, in its order."""
    page = rig.client.get("/jobs", query_string=asked, headers=FORM).text
    return [rest.partition('"')[0] for rest in page.split('data-job="')[1:]]


def test_jobs_are_found_by_id_note_label_and_state(rig: ApiRig) -> None:
    """An id may be cut short, or lack what all begin with; all that is asked for must match."""
    spring, summer = noted(rig, "fake.png", "campaign:spring"), noted(rig, "b.png", "campaign:a:b")
    rig.worker.run(spring)
    assert found(rig) == [summer, spring]
    assert found(rig, find=spring) == [spring]
    assert found(rig, find=f"  {spring[4:].upper()} ") == [spring]
    assert found(rig, find=spring[:12], label="", state="") == [summer, spring]
    assert found(rig, find="campaign:spring") == [spring]
    assert found(rig, find="campaign:a:b") == [summer]
    assert found(rig, find="campaign: spring") == [spring]
    assert found(rig, label=Label.FAKE) == [spring]
    assert found(rig, label=Label.REAL) == []
    assert found(rig, state=JobState.QUEUED) == [summer]
    assert found(rig, state=JobState.COMPLETED, find=summer) == []
    assert "There are no such jobs." in rig.client.get("/jobs?label=uncertain").text


@pytest.mark.parametrize("text", ["job_12", "holiday", "job_0123456z", "%", ":", "\0", "a:\0"])
def test_what_is_neither_an_id_nor_a_note_is_refused(rig: ApiRig, text: str) -> None:
    """With what can be written there."""
    answer = rig.client.get("/jobs", query_string={"find": text}, headers=FORM)
    assert answer.status_code == 422
    assert "8 letters or more of its beginning" in answer.text


def test_the_search_stays_on_the_next_page(rig: ApiRig) -> None:
    """And leads back to its first page."""
    made = [noted(rig, "a.png", f"campaign:{'spring' if i % 2 else 'autumn'}") for i in range(54)]
    page = rig.client.get("/jobs?find=campaign:spring").text
    link = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    older = rig.client.get(link).text
    assert older.count("data-job=") == 2
    assert made[1] in older
    assert made[0] not in older
    assert 'href="/jobs?find=campaign:spring"' in older.replace("%3A", ":")


def test_the_list_alone_is_what_the_page_has(rig: ApiRig) -> None:
    """Also of a search and behind a cursor; to whom nothing is new, it comes without its jobs."""
    public_id = upload(rig, "a.png")
    for asked in ("", f"?find={public_id}&state=queued", "?state=failed"):
        page, alone = rig.client.get(f"/jobs{asked}"), rig.client.get(f"/jobs/list{asked}")
        assert alone.text in page.text
        tag = {"HX-PTag": alone.headers["HX-PTag"]}
        assert rig.client.get(f"/jobs/list{asked}", headers=tag).status_code == 204
        chinese = tag | {"Accept-Language": "zh-Hans"}
        assert rig.client.get(f"/jobs/list{asked}", headers=chinese).status_code == 200
    tag = {"HX-PTag": rig.client.get("/jobs/list").headers["HX-PTag"]}
    rig.worker.run(public_id)
    assert "Completed" in rig.client.get("/jobs/list", headers=tag).text


def test_what_can_be_done_with_a_job_is_offered(rig: ApiRig) -> None:
    """By its state, in the list and on its page; nothing inline."""
    done, waiting = upload(rig, "a.png"), upload(rig, "b.png")
    rig.worker.run(done)
    for path in ("/jobs?state={}", "/jobs/{}"):
        ended = rig.client.get(path.format("completed" if "?" in path else done)).text
        is_open = rig.client.get(path.format("queued" if "?" in path else waiting)).text
        assert ("Cancel job" in ended, "Cancel job" in is_open) == (False, True)
        for shown, hidden in ((ended, False), (is_open, True)):
            opening = shown.partition('data-while="ended"')[2].partition(">")[0]
            assert ("hidden" in opening) == hidden
            assert "export?format=parquet" in shown
            inline = Inline()
            inline.feed(shown)
            assert inline.found == []


def test_failed_items_are_tried_again_by_the_form(rig: ApiRig) -> None:
    """It leads back to the list; where there is nothing to try again, the page says so."""
    public_id = upload(rig, "broken.png", "b.png")
    rig.worker.run(public_id)
    back = {"next": "/jobs?label=real"}
    answer = rig.client.post(f"/jobs/{public_id}/retry", data=back, headers=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs?label=real")
    assert rig.client.get(f"/v1/jobs/{public_id}").json["state"] == JobState.QUEUED
    again = rig.client.post(f"/jobs/{public_id}/retry", headers=FORM)
    assert again.status_code == 409
    assert "only one that is completed or failed can be retried" in again.text


def test_items_of_one_code_are_tried_again_by_the_form(rig: ApiRig) -> None:
    """It leads back to the job's page; of a code that no item failed with, the page says so."""
    public_id = upload(rig, "broken.png", "lost.png")
    rig.worker.run(public_id)
    path = f"/jobs/{public_id}/retry"
    refused = rig.client.post(path, data={"code": "poison"}, headers=FORM)
    assert (refused.status_code, "No failed item of the job has" in refused.text) == (409, True)
    answer = rig.client.post(path, data={"code": "fetch_failed"}, headers=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{public_id}")
    with rig.database.read() as session:
        assert jobs.get(session, public_id).retried_codes == ["fetch_failed"]


def test_verdicts_of_one_code_are_shown(rig: ApiRig) -> None:
    """The page says which, and how to see all."""
    public_id = upload(rig, "broken.png", "lost.png")
    rig.worker.run(public_id)
    page = rig.client.get(f"/jobs/{public_id}?code=fetch_failed", headers=FORM).text
    table = page.partition('id="verdicts"')[2].partition("</tbody>")[0]
    assert ("lost.png" in table, "broken.png" in table) == (True, False)
    assert "Only those with the code <strong>Could not be read</strong>" in page
    assert rig.client.get(f"/jobs/{public_id}?code=x", headers=FORM).status_code == 422


def test_verdicts_of_a_range_of_scores_are_shown(rig: ApiRig) -> None:
    """Of a label, if one is chosen; what was written stays in the form."""
    public_id = upload(rig, "fake.png", "b.png", "unsure.png")
    rig.worker.run(public_id)
    page = rig.client.get(f"/jobs/{public_id}?show=&min_score=0.5&max_score=", headers=FORM).text
    table = page.partition('id="verdicts"')[2].partition("</tbody>")[0]
    assert [name in table for name in ("fake.png", "b.png", "unsure.png")] == [True, False, True]
    assert 'placeholder="0" value="0.5"' in page
    only = rig.client.get(f"/jobs/{public_id}?show=fake&min_score=0.5", headers=FORM).text
    assert "unsure.png" not in only
    assert '<input type="hidden" name="show" value="fake">' in only
    refused = rig.client.get(f"/jobs/{public_id}?min_score=0.5&max_score=0.4", headers=FORM)
    assert (refused.status_code, "No score is at least 0.5" in refused.text) == (422, True)


def test_a_job_is_deleted_by_its_form(rig: ApiRig) -> None:
    """Once it has ended; from then on it is nowhere."""
    public_id = upload(rig, "a.png")
    assert rig.client.post(f"/jobs/{public_id}/delete", headers=FORM).status_code == 409
    rig.worker.run(public_id)
    answer = rig.client.post(f"/jobs/{public_id}/delete", headers=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs")
    assert found(rig) == []
    assert rig.client.get(f"/jobs/{public_id}", headers=FORM).status_code == 404


def test_forms_never_lead_to_another_site(rig: ApiRig) -> None:
    """Whatever they say."""
    public_id = upload(rig, "a.png")
    for place in ("https://example.org/", "//example.org", "/\\example.org"):
        answer = rig.client.post(f"/jobs/{public_id}/cancel", data={"next": place}, headers=FORM)
        assert answer.headers["Location"] == f"/jobs/{public_id}"


@pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
def test_another_site_can_do_nothing_with_a_job(rig: ApiRig, action: str) -> None:
    """Its forms are refused before anything is done."""
    public_id = upload(rig, "broken.png")
    rig.worker.run(public_id)
    before = rig.client.get(f"/v1/jobs/{public_id}").json
    answer = rig.client.post(
        f"/jobs/{public_id}/{action}", headers=FORM | {"Origin": "https://example.org"}
    )
    assert answer.status_code == 403
    assert rig.client.get(f"/v1/jobs/{public_id}").json == before


def test_jobs_of_other_keys_are_neither_shown_nor_touched(guarded_rig: ApiRig) -> None:
    """They are not there."""
    owner, other = (
        guarded_rig.client_with(guarded_rig.add_key(name)) for name in ("owner", "other")
    )
    public_id = owner.post("/v1/jobs", data={"files": part("a.png")}).json["id"]
    for asked in ("", f"?find={public_id}"):
        assert "data-job=" in owner.get(f"/jobs{asked}").text
        assert "data-job=" not in other.get(f"/jobs{asked}").text
    for action in ("cancel", "retry", "delete"):
        assert other.post(f"/jobs/{public_id}/{action}", headers=FORM).status_code == 404


def test_a_manifest_is_handed_in_by_the_form(rig: ApiRig) -> None:
    """With its options; the empty fields that browsers send say nothing."""
    data = {
        "source": "manifest",
        "manifest": (io.BytesIO(MANIFEST), "list.jsonl"),
        "uri": "",
        "format": "",
        "priority": "low",
        "metadata": "campaign: spring",
        "strict": "true",
    }
    answer = rig.client.post("/jobs", data=data, headers=FORM)
    assert answer.status_code == 303, answer.text
    job = rig.client.get(f"/v1{answer.headers['Location']}").json
    assert (job["source"]["type"], job["source"]["strict"]) == ("manifest", True)
    assert (job["priority"], job["metadata"]) == (Priority.LOW, {"campaign": "spring"})
    assert ">list.jsonl</a>" in rig.client.get("/jobs").text


def test_a_manifest_elsewhere_is_named_in_the_form(rig: ApiRig) -> None:
    """Its format may be said; one of both is asked for."""
    nothing = (io.BytesIO(b""), "")
    data = {"source": "manifest", "uri": "https://example.org/list", "format": "csv"}
    answer = rig.client.post("/jobs", data=data | {"manifest": nothing}, headers=FORM)
    job = rig.client.get(f"/v1{answer.headers['Location']}").json
    assert job["source"]["uri"] == "https://example.org/list"
    for uri, name in (("", ""), ("https://example.org/list", "list.csv")):
        given = {"manifest": (io.BytesIO(MANIFEST), name), "uri": uri}
        refused = rig.client.post("/jobs", data=data | given, headers=FORM)
        assert refused.status_code == 422
        assert "one of both" in refused.text


def test_a_prefix_is_handed_in_by_the_form(make_rig: Callable[..., ApiRig]) -> None:
    """Offered only where the administrator allows some; another one is refused."""
    rig = make_rig(allowed_prefixes=["s3://photos"])
    add_champion(rig.database)
    assert "Scan the prefix" in rig.client.get("/jobs").text
    data = {"source": "prefix", "uri": " s3://photos/2026 ", "priority": "normal", "metadata": ""}
    answer = rig.client.post("/jobs", data=data, headers=FORM)
    assert answer.status_code == 303
    assert ">s3://photos/2026</a>" in rig.client.get("/jobs").text
    refused = rig.client.post("/jobs", data=data | {"uri": "s3://other"}, headers=FORM)
    assert refused.status_code == 422
    assert "not under an allowed prefix" in refused.text
    assert "Scan the prefix" not in make_rig().client.get("/jobs").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metadata": "spring"}, "as in `campaign:spring`"),
        ({"metadata": "a b:spring"}, "should match pattern"),
        ({"priority": "urgent"}, "Input should be"),
    ],
)
def test_what_the_form_says_wrongly_is_named(rig: ApiRig, given: dict[str, str], said: str) -> None:
    """In a sentence on the page that follows."""
    data = {"source": "manifest", "manifest": (io.BytesIO(MANIFEST), "a.csv")} | given
    answer = rig.client.post("/jobs", data=data, headers=FORM)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")


def test_high_priority_is_offered_to_admins(guarded_rig: ApiRig) -> None:
    """For nobody else may ask for it."""
    for scope, offered in ((Scope.ADMIN, True), (Scope.SCAN, False)):
        client = guarded_rig.client_with(guarded_rig.add_key(scope, scope))
        assert ('value="high"' in client.get("/jobs").text) == offered
