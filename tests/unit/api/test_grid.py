"""The grid of a job's verdicts as the server renders it: cards by cursor, and the switch."""

import re

import pytest

from tests.support.api import ApiRig, part
from tests.unit.api.test_pages import FORM, Inline

NAMES = ["fake.png", "b.png", "broken.png", "group.png", "unsure.png", "<b>.png"]


@pytest.fixture
def public_id(rig: ApiRig) -> str:
    """A job with a verdict of several kinds."""
    data = {"files": [part(name) for name in NAMES]}
    public_id = rig.client.post("/v1/jobs", data=data).json["id"]
    rig.worker.run(public_id)
    return public_id


def names(text: str) -> list[str]:
    """Return the names on the cards."""
    return re.findall(r'title="([^"]+)">', text)


def test_cards_come_page_by_page(rig: ApiRig, public_id: str) -> None:
    """Each once, in the order of the images; the last page has no cursor."""
    seen, path = [], f"/jobs/{public_id}/grid?limit=4"
    while path:
        text = rig.client.get(path).text
        seen += names(text)
        cursor = text.partition('data-cursor="')[2].partition('"')[0]
        path = cursor and f"/jobs/{public_id}/grid?limit=4&cursor={cursor}"
    assert seen == [name.replace("<", "&lt;").replace(">", "&gt;") for name in NAMES]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("label=fake", ["fake.png"]),
        ("outcome=failed", ["broken.png"]),
        ("code=undecodable", ["broken.png"]),
        ("min_score=0.5", ["fake.png", "unsure.png"]),
        ("min_score=0.5&label=uncertain", ["unsure.png"]),
    ],
)
def test_cards_are_chosen_as_verdicts_are(
    rig: ApiRig, public_id: str, query: str, found: list[str]
) -> None:
    """By label, outcome, code and score."""
    assert names(rig.client.get(f"/jobs/{public_id}/grid?{query}").text) == found


@pytest.mark.parametrize(
    ("query", "counted", "total", "asked"),
    [
        ("", "ended", "6", "limit=60"),
        ("&show=real", "real", "3", "limit=60&amp;label=real"),
        ("&show=failed", "failed", "1", "limit=60&amp;outcome=failed"),
        ("&code=undecodable", "", "", "limit=60&amp;code=undecodable"),
        ("&show=fake&min_score=0.5", "", "", "limit=60&amp;label=fake&amp;min_score=0.5"),
    ],
)
def test_the_grid_says_what_follows(
    rig: ApiRig, public_id: str, query: str, counted: str, total: str, asked: str
) -> None:
    """Where the next cards are read, and how many there are, where a counter knows it."""
    text = rig.client.get(f"/jobs/{public_id}?view=grid{query}").text
    tag = text.partition('<section id="grid"')[2].partition(">")[0]
    assert f'data-url="/jobs/{public_id}/grid?{asked}"' in tag
    assert (f'data-kind="{counted}"' in tag, f'data-total="{total}"' in tag) == (True, True)
    assert 'data-final="true"' in tag


def test_the_switch_keeps_what_is_chosen(rig: ApiRig, public_id: str) -> None:
    """And all that chooses keeps the switch; an unknown view is the table, as before."""
    grid = rig.client.get(f"/jobs/{public_id}?view=grid&show=fake&max_score=0.99").text
    assert f'href="/jobs/{public_id}?show=fake&amp;max_score=0.99"' in grid
    assert f'href="/jobs/{public_id}?show=real&amp;view=grid"' in grid
    assert f'href="/jobs/{public_id}?code=undecodable&amp;view=grid"' in grid
    assert '<input type="hidden" name="view" value="grid">' in grid
    assert "<table id=" not in grid
    fragment = rig.client.get(f"/jobs/{public_id}/summary?view=grid").text
    assert "max_score=1.0&amp;view=grid" in fragment
    assert '<table id="verdicts"' in rig.client.get(f"/jobs/{public_id}?view=x").text


def test_the_grid_has_nothing_inline(rig: ApiRig, public_id: str) -> None:
    """So the content security policy lets all of it work; names are escaped."""
    text = rig.client.get(f"/jobs/{public_id}?view=grid&before=x", headers=FORM).text
    inline = Inline()
    inline.feed(text)
    assert inline.found == []
    assert "<b>.png" not in text
    assert 'data-before="0"' in text


def test_a_page_of_cards_that_makes_no_sense_is_refused(rig: ApiRig, public_id: str) -> None:
    """As the API does."""
    for query in ("cursor=x", "limit=0", "min_score=2", "min_score=0.5&max_score=0.4"):
        answer = rig.client.get(f"/jobs/{public_id}/grid?{query}", headers=FORM)
        assert answer.status_code == 422


def test_nobody_sees_anothers_cards(guarded_rig: ApiRig) -> None:
    """They are not there for them."""
    mine, theirs = (guarded_rig.add_key(name) for name in ("mine", "theirs"))
    data = {"files": [part("a.png")]}
    public_id = guarded_rig.client_with(mine).post("/v1/jobs", data=data).json["id"]
    assert guarded_rig.client_with(mine).get(f"/jobs/{public_id}/grid").status_code == 200
    assert guarded_rig.client_with(theirs).get(f"/jobs/{public_id}/grid").status_code == 404
