"""`fakesweep train evaluate`: what it prints, and a sentence for whatever cannot be measured."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.support.images import write_labelled_folder
from tests.support.layouts import film


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are not wrapped."""
    monkeypatch.setenv("COLUMNS", "300")


def evaluate(registry: Path, *words: str | Path | int) -> Result:
    """Run the command with the first tiny model."""
    told = ("train", "evaluate", "--model", "tiny-1", "--registry", registry, "--device", "cpu")
    return CliRunner().invoke(main, [str(word) for word in (*told, "--rounds", 20, *words)])


def test_a_version_is_measured_by_its_id(registry: Path, pictures: Path, tmp_path: Path) -> None:
    """The table names the data, and the report is where it says."""
    done = evaluate(registry, "--data", f"mine={pictures}", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert "tiny-1, scoring whole images" in done.output
    assert "mine" in done.output
    assert (tmp_path / "out" / "report.html").exists()


def test_findings_are_json(registry: Path, pictures: Path, tmp_path: Path) -> None:
    """One object and nothing else on standard output: what evaluation.json has."""
    done = evaluate(registry, "--data", f"mine={pictures}", "--out", tmp_path / "out", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "evaluation.json").read_text())


def test_all_parts_are_told(registry: Path, pictures: Path) -> None:
    """Robustness and attacks are summed up, also without a report."""
    done = evaluate(
        registry,
        *("--data", pictures, "--robustness", "--robustness-images", 2),
        *("--adversarial", "--adversarial-images", 2, "--surrogate", "tiny-2"),
    )
    assert done.exit_code == 0
    assert "after jpeg 50" in done.output
    assert "PGD of 8 / 255 by tiny-2" in done.output


@pytest.mark.parametrize("label", ["real", "fake"])
def test_one_label_is_a_sentence(
    registry: Path, pictures: Path, tmp_path: Path, label: str
) -> None:
    """What can be measured is, and the rest says what it needs; there is no NaN."""
    shutil.copytree(pictures / label, tmp_path / "data" / label)
    done = evaluate(registry, "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert f"All images here are {label}" in done.output
    assert "NaN" not in (tmp_path / "out" / "evaluation.json").read_text()


def test_files_without_a_score_are_counted(registry: Path, tmp_path: Path) -> None:
    """Damaged files and ones that may not be read are told, and stop nothing."""
    folder = write_labelled_folder(tmp_path / "data", per_label=3)
    (folder / "real" / "damaged.png").write_bytes(b"no image")
    (folder / "real" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    done = evaluate(registry, "--data", folder)
    assert done.exit_code == 0
    assert "Without a score: unsupported_type 1, unreadable 1." in done.output


def test_nothing_to_score_is_measured_as_nothing(registry: Path, tmp_path: Path) -> None:
    """Where no file is an image, the report says so, with every part asked for."""
    for label in ("real", "fake"):
        (tmp_path / "data" / label).mkdir(parents=True)
        (tmp_path / "data" / label / "a.png").write_bytes(b"no image")
    done = evaluate(
        registry,
        *("--data", tmp_path / "data", "--out", tmp_path / "out", "--robustness", "--adversarial"),
    )
    assert done.exit_code == 0
    assert "There is no image here" in done.output
    json.loads((tmp_path / "out" / "evaluation.json").read_text())


def test_videos_are_measured_as_videos(registry: Path, tmp_path: Path) -> None:
    """Videos are unpacked, and told at the level of frames and of videos."""
    film(tmp_path / "clips", "real/x.mp4", "fake/y.mp4")
    done = evaluate(registry, "--data", tmp_path / "clips", "--frames", 2)
    assert done.exit_code == 0
    assert "all (frame)" in done.output
    assert "all (video)" in done.output


def test_names_are_told_on_a_narrow_terminal(
    registry: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 80 columns no name and no number is cut off."""
    monkeypatch.setenv("COLUMNS", "80")
    done = evaluate(registry, "--data", f"camera={pictures}", "--data", f"studio={pictures}")
    assert "camera" in done.output
    assert "studio" in done.output
    assert "…" not in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--data", "nowhere"), "does not exist"),
        (("--data", "DATA", "--model", "tiny-7"), "neither the folder of a run"),
        (("--data", "DATA", "--surrogate", "tiny-2"), "add --adversarial"),
        (("--data", "DATA", "--gallery", "3"), "name its folder"),
        (("--data", "DATA", "--device", "abacus"), "device abacus"),
        (("--data", "DATA", "--out", "FILE"), "is a file"),
        (("--data", "DATA", "--adversarial", "--surrogate", "tiny-7"), "neither the folder"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    registry: Path, pictures: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    """A wrong word ends with a sentence and no traceback."""
    (tmp_path / "file").write_text("")
    named = {"DATA": str(pictures), "FILE": str(tmp_path / "file")}
    done = evaluate(registry, *(named.get(word, word) for word in words))
    assert done.exit_code in (1, 2)
    assert sentence in done.output
    assert isinstance(done.exception, SystemExit)


def test_help_does_not_wait_for_torch() -> None:
    """The command's options are known without importing what measures."""
    program = "import sys, training.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
