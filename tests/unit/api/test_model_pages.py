"""The pages of the model versions as the server renders them: whole without JavaScript."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.pages import cards, curves, facts
from core.settings import SHIPPED_MODELS
from core.terms import Alias, Scope
from db import model_versions
from db.models import ModelVersion
from tests.support.api import ApiRig, png
from tests.support.rows import add_champion
from tests.unit.api.test_pages import FORM, Inline

TEST = {
    "n": 100,
    "n_real": 40,
    "n_fake": 60,
    "auc": 0.9,
    "recall": 0.75,
    "false_fake_rate": 0.05,
    "tpr_at_fpr": {"0.01": 0.5},
    "confusion": {"true_fake": 45, "false_fake": 2, "true_real": 38, "false_real": 15},
    "intervals": {"auc": [0.85, 0.95]},
}
CARD: dict[str, Any] = {
    "limits": ["Only <b>faces</b>."],
    "metrics": {
        "test": TEST,
        "sources": {"lab": {**TEST, "auc": 0.8}},
        "unseen_sources": {"sources": {"street": {"n": 7, "auc": None, "recall": 0.04}}},
        "test_expected_calibration_error": 0.031,
    },
    "score_distributions": {"real": [8, 1, 1, 0], "fake": [0, 1, 3, 6]},
}
ODD_CARDS: list[Any] = [
    {},
    {"metrics": None, "limits": "none", "data": [], "score_distributions": None},
    {"metrics": {"test": 3, "sources": ["x"], "unseen_sources": {"sources": None}}},
    {"metrics": {"test": {"auc": "high", "confusion": {"true_fake": None}, "intervals": [1]}}},
    {"metrics": {"test": {"tpr_at_fpr": {"x": 1, "0.1": "y"}, "intervals": {"auc": [1]}}}},
    {"score_distributions": {"real": [1, None], "fake": [1, 2]}, "data": {"counts": [{}, 1]}},
    {"score_distributions": {"real": [0, 0], "fake": [0, 0]}, "stages": [None, {}], "limits": [1]},
    {"preprocessing": {"faces": {}, "size": "big"}, "backbone": [], "calibration": {"bias": True}},
    {"metrics": {"test": {"auc": float("nan"), "n": True}, "scored_whole": [None, {"pairs": 1}]}},
]


def add_version(rig: ApiRig, name: str, card: Mapping[str, Any] = CARD) -> None:
    """Register one more model version."""
    with rig.database.write() as session:
        session.add(ModelVersion(name=name, fingerprint="1" * 64, card=dict(card)))


def test_the_versions_are_listed_with_their_measures(rig: ApiRig) -> None:
    """The newest first; one whose card has none says so; the champion is named."""
    add_version(rig, "tiny-2")
    page = rig.client.get("/models").text
    assert page.index('href="/models/tiny-2"') < page.rindex('href="/models/tiny-1"')
    assert "0.900" in page
    assert "75.0 %" in page
    assert "0.031" in page
    assert "does not say how it did" in page
    assert "New scans use" in page


def test_no_version_is_said_to_be_none(bare_rig: ApiRig) -> None:
    """With what to do."""
    page = bare_rig.client.get("/models").text
    assert "There is no champion" in page
    assert "There are no model versions yet" in page


def test_a_version_shows_its_card(rig: ApiRig) -> None:
    """Measures source by source, the matrix with its shares, the curves as tables; all escaped."""
    add_version(rig, "tiny-2")
    page = rig.client.get("/models/tiny-2").text
    assert "Only &lt;b&gt;faces&lt;/b&gt;." in page
    for said in ("lab", "street", "0.800", "4.0 %", "0.850 to 0.950"):
        assert said in page
    assert '<span class="figure">15</span> <span class="small">25.0 %</span>' in page
    assert "ROC of tiny-2" in page
    assert "0.75 to 1.00" in page
    assert str(facts.SAID_NOTHING) in page
    assert rig.client.get("/models/gone-1").status_code == 404


@pytest.mark.parametrize("card", ODD_CARDS)
def test_a_card_that_is_written_otherwise_breaks_no_page(rig: ApiRig, card: Any) -> None:  # noqa: ANN401 - any JSON
    """What is not understood is not there; nor is it in a comparison or a promotion."""
    add_version(rig, "tiny-2", card)
    add_version(rig, "tiny-3")
    for path in ("", "/tiny-2", "/compare?left=tiny-2&right=tiny-3", "/tiny-2/promote"):
        answer = rig.client.get(f"/models{path}")
        assert answer.status_code == 200, path
        assert "nan" not in answer.text.partition("as JSON")[0]


def test_the_cards_that_are_shipped_are_read_in_full() -> None:
    """Measures, a matrix, the data and the facts, whatever the generation of the card."""
    found = list(SHIPPED_MODELS.glob("*/card.json"))
    assert found
    for file in found:
        card = json.loads(file.read_bytes())
        overall = cards.overall_of(card)
        assert overall is not None
        assert overall.values.keys() == cards.METRICS.keys()
        assert overall.confusion is not None
        assert len(cards.sections_of(card)) >= 3
        assert curves.roc_of(card)
        assert facts.data_of(card)
        assert facts.SAID_NOTHING not in facts.facts_of(card).values()


def test_the_roc_is_read_off_the_distributions() -> None:
    """Each edge of a step is a point, in order, and of two at one place the higher one is kept."""
    points = [(point.reals_flagged, point.fakes_found) for point in curves.roc_of(CARD)]
    assert points == [(0.0, 0.6), (0.01, 0.5), (0.1, 0.9), (0.2, 1.0), (1.0, 1.0)]


def test_reliability_is_the_share_of_fakes_in_each_step() -> None:
    """Steps without images are left out."""
    card = {"score_distributions": {"real": [8, 0, 1, 0], "fake": [0, 0, 3, 6]}}
    found = [(p.middle, p.fakes, p.n) for p in curves.reliability_of(card)]
    assert found == [(0.125, 0.0, 8), (0.625, 0.75, 4), (0.875, 1.0, 6)]


def test_two_versions_stand_side_by_side(rig: ApiRig) -> None:
    """Each set of images with both; a set that one card alone has stands there alone."""
    add_version(rig, "tiny-2")
    add_version(rig, "tiny-3", CARD | {"metrics": {"test": {**TEST, "auc": 0.95}}})
    page = rig.client.get("/models/compare?left=tiny-2&right=tiny-3").text
    assert 'rowspan="2">All</th>' in page
    assert 'rowspan="1">lab</th>' in page
    assert page.count('data-name="tiny-2"') == page.count('data-name="tiny-3"') == 2
    assert rig.client.get("/models/compare?left=tiny-2&right=x").status_code == 404


def test_a_promotion_says_what_will_happen_and_then_does(rig: ApiRig) -> None:
    """The form knows whom it replaces; afterwards, the list offers the way back."""
    add_version(rig, "tiny-2")
    page = rig.client.get("/models/tiny-2/promote").text
    assert "What will happen" in page
    assert 'name="instead_of" value="tiny-1"' in page
    form = {"alias": "champion", "instead_of": "tiny-1"}
    answer = rig.client.post("/models/tiny-2/promote", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/models")
    page = rig.client.get("/models").text
    assert 'href="/models/tiny-1/promote">Roll back to tiny-1</a>' in page
    assert "Roll back to tiny-1?" in rig.client.get("/models/tiny-1/promote").text
    assert "nothing to change" in rig.client.get("/models/tiny-2/promote").text


def test_a_promotion_that_comes_too_late_changes_nothing(rig: ApiRig) -> None:
    """Somebody else was faster: the page says so."""
    add_version(rig, "tiny-2")
    add_version(rig, "tiny-3")
    rig.client.post("/models/tiny-3/promote", data={"alias": "champion"})
    form = {"alias": "champion", "instead_of": "tiny-1"}
    late = rig.client.post("/models/tiny-2/promote", data=form, headers=FORM)
    assert late.status_code == 409
    assert "is tiny-3 now, not tiny-1" in late.text
    with rig.database.read() as session:
        assert model_versions.holders(session)[Alias.CHAMPION].name == "tiny-3"


def test_only_admins_are_offered_to_promote(guarded_rig: ApiRig) -> None:
    """Others read the cards; the pages and forms of the promotion are closed to them."""
    add_version(guarded_rig, "tiny-2")
    app = guarded_rig.client_with(guarded_rig.add_key("app"))
    assert "/promote" not in app.get("/models").text + app.get("/models/tiny-2").text
    assert app.get("/models/tiny-2/promote", headers=FORM).status_code == 403
    assert app.post("/models/tiny-2/promote", headers=FORM).status_code == 403
    admin = guarded_rig.client_with(guarded_rig.add_key("admin", Scope.ADMIN))
    assert "/models/tiny-2/promote" in admin.get("/models").text


def test_a_form_of_another_site_promotes_nothing(rig: ApiRig) -> None:
    """Wherever the person is signed in."""
    add_version(rig, "tiny-2")
    answer = rig.client.post("/models/tiny-2/promote", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    with rig.database.read() as session:
        assert model_versions.champion(session).name == "tiny-1"


def test_the_pictures_of_a_version_are_served(
    make_rig: Callable[..., ApiRig], tmp_path: Path
) -> None:
    """Those that the pages know, from the registry; nothing else of a version's folder."""
    folder = tmp_path / "models" / "tiny-1"
    (folder / "plots").mkdir(parents=True)
    for name in ("plots/roc.png", "plots/other.png", "secret.png"):
        (folder / name).write_bytes(png())
    for name in ("card.json", "SHA256SUMS"):
        (folder / name).write_text("{}")
    rig = make_rig(registry_dir=tmp_path / "models")
    add_champion(rig.database)
    assert 'src="/models/tiny-1/plots/roc.png"' in rig.client.get("/models/tiny-1").text
    answer = rig.client.get("/models/tiny-1/plots/roc.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    for path in ("tiny-1/plots/other", "tiny-1/plots/..%2fsecret", "gone-1/plots/roc"):
        assert rig.client.get(f"/models/{path}.png").status_code == 404


@pytest.mark.parametrize(
    "path", ["", "/tiny-2", "/compare?left=tiny-1&right=tiny-2", "/tiny-2/promote"]
)
def test_no_page_has_inline_scripts_or_styles(rig: ApiRig, path: str) -> None:
    """The policy would block them."""
    add_version(rig, "tiny-2")
    inline = Inline()
    inline.feed(rig.client.get(f"/models{path}", headers=FORM).text)
    assert inline.found == []
