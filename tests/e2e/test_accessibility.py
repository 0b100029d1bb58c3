"""Every page, light and dark, by the rules of axe-core: nothing serious is found."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from core.terms import Scope
from tests.support.api import ApiRig, part

GRAVE = {"serious", "critical"}
CARD = {
    "calibration": {"threshold": 0.6, "band_low": 0.5, "band_high": 0.7},
    "score_distributions": {"real": [9, 3, 1, 1, 0], "fake": [0, 1, 1, 3, 9]},
}
PATHS = (
    "/",
    "/?job={job}",
    "/jobs",
    "/jobs/{job}",
    "/jobs/{job}?view=grid",
    "/verdicts/{job}-0",
    "/models",
    "/models/tiny-1",
    "/system",
    "/docs",
    "/jobs/{job}0",
)
Scheme = Literal["light", "dark"]


@pytest.fixture
def card() -> dict[str, Any]:
    """A card with a threshold and distributions."""
    return CARD


def grave_findings(page: Page) -> list[str]:
    """Return what axe-core finds serious: the rule, and the elements that break it."""
    ours: Any = {"exclude": [["#docs"]]}  # Swagger UI, whose colours are its own
    found: dict[str, Any] = Axe().run(page, context=ours).response
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_shuts_anybody_out(rig: ApiRig, page: Page, scheme: Scheme) -> None:
    """Empty lists and full ones, a job with an error, a verdict, the reference, what is missing."""
    page.emulate_media(color_scheme=scheme)
    page.goto("/jobs")
    assert grave_findings(page) == []
    data = {"files": [part("fake.png"), part("b.png"), part("broken.png")]}
    job_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(job_id)
    for path in PATHS:
        page.goto(path.format(job=job_id))
        assert grave_findings(page) == [], path


@pytest.mark.parametrize("given", [{"require_api_keys": "always"}])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_does_signing_in(rig: ApiRig, page: Page, scheme: Scheme) -> None:
    """The form, and the form that tells what was wrong."""
    rig.add_key("first", Scope.ADMIN)
    page.emulate_media(color_scheme=scheme)
    page.goto("/jobs")
    assert grave_findings(page) == []
    page.get_by_label("API key").fill("fs_no")
    page.get_by_role("button", name="Sign in").click()
    assert grave_findings(page) == []
