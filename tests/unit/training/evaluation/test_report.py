"""The report: one file that needs nothing else, readable, private unless told otherwise."""

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.support.contrast import contrast
from training.evaluate import Options, evaluate_model
from training.evaluation.report import TEMPLATES

GROUNDS = ("ground", "surface", "sunken", "notice")
INKS = ("ink", "muted")


@pytest.fixture(scope="module")
def out(registry: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that can be asked for, measured on drawn images."""
    folder = tmp_path_factory.mktemp("measured")
    options = Options(
        rounds=50,
        device="cpu",
        robustness_images=4,
        adversarial_images=2,
        surrogate="tiny-2",
        gallery=3,
    )
    evaluate_model("tiny-1", [str(pictures)], registry=registry, out=folder, options=options)
    return folder


def outside(page: str) -> list[str]:
    """Return whatever a browser would have to fetch for the page."""
    found = re.findall(r"""(?:src|srcset|href|action)\s*=\s*["']([^"']*)["']""", page)
    found += re.findall(r"url\(([^)]*)\)", page)
    return [one for one in found if not one.startswith(("data:", "#"))]


def test_nothing_is_fetched(out: Path) -> None:
    """No script, no style sheet, no font, no image from elsewhere: charts are within the file."""
    page = (out / "report.html").read_text()
    assert outside(page) == []
    assert "<script" not in page
    assert "@import" not in page
    assert page.count('<img src="data:image/png') == 5 + 7 + 1


def test_every_part_is_there(out: Path) -> None:
    """Numbers, charts, robustness, attacks and errors have a heading each."""
    page = (out / "report.html").read_text()
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", page)
    assert headings == [
        "Mind this",
        "How well fakes and reals are told apart",
        "At the threshold of 0.500",
        "Charts",
        "When pictures are changed on their way",
        "Under attack",
        "The worst errors",
        "How to read this",
    ]
    assert "tiny-1" in page
    assert "whole images (faces off)" in page
    assert not re.search(r"\bnan\b", re.sub(r"data:[^\"]*", "", page), re.IGNORECASE)


def test_numbers_are_for_programs_too(out: Path) -> None:
    """evaluation.json holds every part, and no NaN."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    content = json.loads((out / "evaluation.json").read_text(), parse_constant=refuse)
    assert (content["model"], content["faces"], content["rounds"]) == ("tiny-1", "off", 50)
    assert content["rows"][0]["name"] == "all"
    assert content["rows"][0]["intervals"]["accuracy"]
    assert content["robustness"]["points"]
    assert content["adversarial"]["surrogate"] == "tiny-2"


def test_charts_are_files_too(out: Path) -> None:
    """The charts of a card are there as PNG files."""
    names = {file.stem for file in (out / "plots").iterdir()}
    assert names == {"roc", "precision_recall", "reliability", "scores", "confusion_matrix"}
    assert Image.open(out / "plots" / "roc.png").format == "PNG"


def test_thumbnails_are_there_when_asked_for(out: Path) -> None:
    """At most so many of each label, and each with its score."""
    page = (out / "report.html").read_text()
    gallery = page.partition('<ul class="gallery">')[2].partition("</ul>")[0]
    assert 0 < gallery.count("data:image/jpeg") <= 6


def test_intervals_can_be_left_out(registry: Path, pictures: Path, tmp_path: Path) -> None:
    """Without a round of the bootstrap there are numbers alone, and nothing is said of rounds."""
    options = Options(rounds=0, device="cpu")
    evaluate_model("tiny-1", [str(pictures)], registry=registry, out=tmp_path, options=options)
    page = (tmp_path / "report.html").read_text()
    assert "95 % interval" not in page
    assert not re.search(r"<td>[^<]*<small>", page)


def test_by_default_a_report_holds_no_picture(
    registry: Path, pictures: Path, tmp_path: Path
) -> None:
    """Only names of files, and how to ask for thumbnails; no folder of this machine."""
    options = Options(rounds=0, device="cpu")
    evaluate_model("tiny-1", [str(pictures)], registry=registry, out=tmp_path, options=options)
    page = (tmp_path / "report.html").read_text()
    assert "image/jpeg" not in page
    assert "--gallery" in page
    assert str(pictures.parent) not in page + (tmp_path / "evaluation.json").read_text()


def test_names_of_files_are_text(registry: Path, pictures: Path, tmp_path: Path) -> None:
    """A name that looks like a tag is shown as it is written."""
    name = "<img src=x onerror=alert(1)>.png"
    for label in ("real", "fake"):  # one of the two is an error, whatever the score
        (tmp_path / "data" / label).mkdir(parents=True)
        shutil.copy(pictures / "real" / "000.png", tmp_path / "data" / label / name)
    evaluate_model(
        "tiny-1",
        [f"<b>bold</b>={tmp_path / 'data'}"],
        registry=registry,
        out=tmp_path / "out",
        options=Options(rounds=0, device="cpu"),
    )
    page = (tmp_path / "out" / "report.html").read_text()
    assert "onerror=alert(1)" in page
    assert "<img src=x" not in page
    assert "<b>bold" not in page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_every_ground(theme: str) -> None:
    """Each ink keeps 4.5:1 on each ground, in both themes (WCAG AA)."""
    light, _, rest = (TEMPLATES / "report.css").read_text().partition("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if theme == "light" else rest))
    for ground in GROUNDS:
        for ink in INKS:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ink in ("accent", "fake", "real"):
        for ground in ("ground", "surface"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
