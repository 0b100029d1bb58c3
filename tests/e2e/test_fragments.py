"""Fragments in a real browser: htmx does nothing that the policy of the pages refuses."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.test_verdict_page import scan
from tests.support.api import ApiRig, part

LISTEN = """
function note(name, value) {
    const seen = document.documentElement.dataset;
    seen[name] = `${seen[name] ?? ""} ${value}`;
}
addEventListener("securitypolicyviolation", (event) => note("refused", event.violatedDirective));
addEventListener("htmx:finally:request", ({ detail: { ctx } }) => note("done", ctx.request.action));
"""
WITH_A_SCRIPT = """() => {
    const button = document.createElement("button");
    button.setAttribute("hx-on:click", "document.title = 'It has run'");
    document.querySelector("main").append(button);
    button.textContent = "Run";
    htmx.process(button);
}"""


@pytest.fixture
def given() -> dict[str, Any]:
    """Who waits is soon told to ask again."""
    return {"max_wait_s": 0.5}


def job(rig: ApiRig) -> str:
    """Make a job of three images, of which one has a verdict; return its id."""
    data = {"files": [part(name) for name in ("fake.png", "b.png", "c.png")]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.plan(public_id, shard_size=1)
    rig.worker.finish(rig.worker.waiting(public_id)[0])
    return public_id


@pytest.mark.parametrize(
    ("path", "fragments"),
    [
        ("/jobs", ["/jobs/list"]),
        ("/system", ["/system/figures"]),
        ("/jobs/{job}", ["/jobs/{job}/table", "/jobs/{job}/summary"]),
        ("/jobs/{job}?view=grid", ["/jobs/{job}/summary?view=grid"]),
        ("/verdicts/{done}-0?heatmap=0", ["/verdicts/{done}-0/heat?face=0"]),
    ],
)
def test_fragments_come_without_a_script(
    rig: ApiRig, page: Page, path: str, fragments: list[str]
) -> None:
    """Or a style: the browser refuses nothing of htmx, and complains about nothing."""
    ids = {"job": job(rig), "done": scan(rig, "fake.png")}
    page.add_init_script(LISTEN)
    page.goto(path.format_map(ids))
    html = page.locator("html")
    for one in fragments:
        done = re.compile(re.escape(one.format_map(ids)))
        expect(html).to_have_attribute("data-done", done)
    assert html.get_attribute("data-refused") is None


def test_an_attribute_with_a_script_in_it_does_nothing(browser: Browser, address: str) -> None:
    """Whoever may have put it into a page."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.add_init_script(LISTEN)
    page.goto("/jobs")
    page.evaluate(WITH_A_SCRIPT)
    page.get_by_role("button", name="Run").click()
    expect(page.locator("html")).to_have_attribute("data-refused", " script-src")
    assert page.title() == "Jobs · fakesweep"
    context.close()


@pytest.mark.parametrize("path", ["/jobs", "/system"])
def test_a_server_in_trouble_is_told(page: Page, path: str) -> None:
    """Where it does not answer, and where it answers that something is wrong; until all is well."""
    answers = iter([lambda route: route.abort(), lambda route: route.fulfill(status=503)])

    def answer(route: Route) -> None:
        next(answers, lambda route: route.continue_())(route)

    page.route("**/jobs/list", answer)
    page.route("**/system/figures", answer)
    page.goto(path)
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_role("alert")).to_have_count(0)
