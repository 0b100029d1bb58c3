"""The card for people says of each table how the images were scored."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.settings import SHIPPED_MODELS
from training.card import write_card


@pytest.fixture
def card() -> dict[str, Any]:
    """The facts of a version that scores whole images."""
    (shipped,) = SHIPPED_MODELS.glob("*/card.json")
    card = json.loads(shipped.read_bytes())
    card["preprocessing"]["faces"] = "off"
    card["metrics"]["scored_whole"] = []
    card["data"]["counts"] = [{"dataset": "drawn", "n": 10}]
    return card


def _written(card: dict[str, Any], folder: Path) -> str:
    write_card(card, folder / "card.md")
    return (folder / "card.md").read_text()


def test_a_version_that_scores_whole_images_says_so(card: dict[str, Any], tmp_path: Path) -> None:
    """Its tables are of whole images, so there is no second one of them."""
    text = _written(card, tmp_path)
    assert text.count("Scored as whole images (faces off).") == 2
    assert "scored whole" not in text


def test_a_version_that_scores_faces_has_both(card: dict[str, Any], tmp_path: Path) -> None:
    """The same images are measured by their faces, and once more as a whole."""
    unseen = card["metrics"]["unseen_sources"]
    card["preprocessing"]["faces"] = "on"
    card["metrics"]["scored_whole"] = [unseen]
    text = _written(card, tmp_path)
    assert text.count("(faces on)") == 2
    (whole,) = text.split("## The same images, scored whole (faces off)")[1:]
    for name in [*unseen["sources"], *unseen["pairs"]]:
        assert f"| {name} |" in whole.split("##")[0]


def test_sources_that_chose_the_epoch_are_marked(card: dict[str, Any], tmp_path: Path) -> None:
    """They are not trained on, but not unseen either; without the fact nothing is said."""
    marked = "(looked at when the epoch was chosen)"
    assert marked not in _written(card, tmp_path)
    card["stages"][0]["cross"] = {"sources": ["celeba"], "fingerprint": "0"}
    lines = _written(card, tmp_path).splitlines()
    names = [line.split("|")[1].strip() for line in lines if marked in line]
    assert f"celeba {marked}" in names
    assert f"tpdne vs celeba {marked}" in names
    assert not any(name.startswith("tpdne (") for name in names)
