"""The installation at work: as JSON, and as a page that is whole without JavaScript."""

from dataclasses import replace

from sqlalchemy import update

from core.taskqueue import scan_next
from core.terms import Scope
from db import workers
from db.clock import database_time
from db.models import Worker
from tests.support.api import ApiRig
from tests.support.rows import add_job_of
from tests.unit.api.test_pages import FORM, Inline
from tests.unit.db.test_workers import REPORT, say


def silence(rig: ApiRig, name: str) -> None:
    """Let the worker have reported too long ago."""
    with rig.database.write() as session:
        row = update(Worker).where(Worker.name == name)
        session.execute(row.values(seen_at=database_time(-workers.SILENT_S - 5)))


def test_the_system_is_read(rig: ApiRig) -> None:
    """Rates of those that report, the depth of each queue, and the backlog."""
    say(rig.database, "a:1")
    say(rig.database, "b:1", replace(REPORT, device="cuda:0", rate=3.5, fill=1.0))
    say(rig.database, "c:1")
    silence(rig, "c:1")
    add_job_of(rig.database, ["a"], ["b"])
    rig.queue.send(scan_next(interactive=False))
    found = rig.client.get("/v1/system").json
    assert (found["rate"], found["fill"]) == (5.5, 0.75)
    assert (found["open_jobs"], found["queued_bulk"], found["queued_interactive"]) == (1, 2, 0)
    assert {one["name"]: one["depth"] for one in found["queues"]} == {
        "control": 0,
        "interactive": 0,
        "bulk": 1,
    }
    silent = {one["name"]: (one["is_silent"], one["rate"]) for one in found["workers"]}
    assert silent == {"a:1": (False, 2.0), "b:1": (False, 3.5), "c:1": (True, 0.0)}


def test_a_broker_that_is_away_is_told(rig: ApiRig) -> None:
    """The rest is there all the same."""
    say(rig.database, "a:1")
    rig.queue.is_down = True
    found = rig.client.get("/v1/system").json
    assert [one["depth"] for one in found["queues"]] == [None, None, None]
    assert "does not answer" in found["broker_error"]
    page = rig.client.get("/system")
    assert page.status_code == 200
    assert "The broker does not answer" in page.text


def test_the_page_shows_workers_and_errors(rig: ApiRig) -> None:
    """Escaped; a silent worker is marked; the script finds the rate."""
    say(rig.database, "a:1", replace(REPORT, errors=2, last_error="<b>No memory</b>."))
    say(rig.database, "b:1")
    silence(rig, "b:1")
    page = rig.client.get("/system").text
    assert rig.client.get("/system/figures").text.strip() in page
    assert 'data-rate="2.0"' in page
    assert "&lt;b&gt;No memory&lt;/b&gt;." in page
    assert page.count(">Silent<") == 1
    assert "50 %" in page
    assert 'http-equiv="refresh"' in page
    inline = Inline()
    inline.feed(page)
    assert inline.found == []


def test_without_workers_the_page_says_what_to_do(rig: ApiRig) -> None:
    """And says that nothing is scanned."""
    assert "No worker reports, so nothing is scanned" in rig.client.get("/system").text


def test_only_admins_look_at_the_system(guarded_rig: ApiRig) -> None:
    """Hosts and the work of other keys are nobody else's business; the way there is not shown."""
    say(guarded_rig.database, "a:1")
    app = guarded_rig.client_with(guarded_rig.add_key("app"))
    assert app.get("/v1/system").status_code == 403
    for path in ("/system", "/system/figures"):
        assert app.get(path, headers=FORM).status_code == 403
    assert 'href="/system"' not in app.get("/models").text
    assert "a:1" not in app.get("/models").text
    admin = guarded_rig.client_with(guarded_rig.add_key("admin", Scope.ADMIN))
    assert admin.get("/v1/system").status_code == 200
    assert 'href="/system"' in admin.get("/models").text


def test_the_models_say_where_they_are_served(rig: ApiRig) -> None:
    """Which workers hold which version on which device; those that report, that is."""
    say(rig.database, "a:1", replace(REPORT, device="cuda:1"))
    say(rig.database, "b:1")
    silence(rig, "b:1")
    page = rig.client.get("/models").text.partition("Served where")[2]
    assert "a:1" in page
    assert "cuda:1" in page
    assert "b:1" not in page
