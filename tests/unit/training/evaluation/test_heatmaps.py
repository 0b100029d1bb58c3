"""`fakesweep train compare-heatmaps`: every method on the same squares, and the same each time."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from training.evaluation import heatmaps
from training.evaluation.heatmaps import draw_balanced, methods
from training.evaluation.model_under_test import ModelUnderTest

METHODS = {
    "occlusion 14x14",
    "occlusion 10x10",
    "occlusion 7x7",
    "gradient-weighted attention",
    "attention rollout",
    "chance",
}


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are not wrapped."""
    monkeypatch.setenv("COLUMNS", "300")


def compare(registry: Path, *words: str | Path | int) -> Result:
    """Run the command with the first tiny model."""
    told = ("train", "compare-heatmaps", "--model", "tiny-1", "--registry", registry)
    return CliRunner().invoke(main, [str(word) for word in (*told, "--device", "cpu", *words)])


def test_every_method_is_measured(registry: Path, pictures: Path) -> None:
    """Over all verdicts and over each kind, with intervals, as one line of JSON."""
    done = compare(registry, "--data", pictures, "--images", 6, "--rounds", 20, "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    rows = [row for row in found["rows"] if row["verdict"] == "all"]
    assert {row["method"] for row in rows} == METHODS
    assert (found["model"], found["device"], found["unscored"]) == ("tiny-1", "cpu", {})
    for row in rows:
        assert row["n"] == 6
        assert row["gain"] == pytest.approx(row["insertion"] - row["deletion"])
        low, high = row["gain_interval"]
        assert low <= row["gain"] <= high
        assert row["seconds"] > 0
    assert sum(row["n"] for row in found["rows"] if row["method"] == "chance") == 12


def test_the_seed_decides_the_numbers(registry: Path, pictures: Path) -> None:
    """All but the time that it took."""

    def gains(seed: int) -> list[list[float]]:
        told = ("--images", 3, "--rounds", 20, "--seed", seed, "--json")
        rows = json.loads(compare(registry, "--data", pictures, *told).stdout)["rows"]
        return [[row["gain"], *row["gain_interval"], row["behind"]] for row in rows if row["n"] > 2]

    assert gains(3) == gains(3) != gains(4)


def test_people_read_a_table(registry: Path, pictures: Path, tmp_path: Path) -> None:
    """With what the columns say, and what had no score."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "damaged.png").write_bytes(b"no image")
    told = ("--data", pictures, "--data", f"broken={tmp_path}", "--images", 4, "--rounds", 20)
    done = compare(registry, *told)
    assert done.exit_code == 0
    assert all(method in done.output for method in METHODS)
    assert "Gain: insertion less deletion." in done.output
    assert "Without a score: unsupported_type 1." in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--data", "nowhere"), "does not exist"),
        (("--data", "BROKEN"), "None of the 1 drawn images can be scored (unsupported_type 1)"),
        (("--data", "DATA", "--model", "tiny-7"), "neither the folder of a run"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(
    registry: Path, pictures: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    """A wrong word ends with a sentence and no traceback."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "damaged.png").write_bytes(b"no image")
    named = {"DATA": str(pictures), "BROKEN": str(tmp_path)}
    done = compare(registry, *(named.get(word, word) for word in words))
    assert done.exit_code in (1, 2)
    assert sentence in done.output
    assert isinstance(done.exception, SystemExit)


def test_the_most_fake_looking_face_is_explained(
    model: ModelUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It decides the verdict of the image; an uncertain one is explained as fake."""
    size = model.spec.size
    stack = np.random.default_rng(2).integers(0, 256, (4, 3, size, size), np.uint8)
    margins = model.engine.forward(stack)
    asked: list[tuple[int, bool]] = []

    def note(pixels: np.ndarray, is_fake: bool) -> np.ndarray:
        asked.append((int(np.argmax((stack == pixels).all(axis=(1, 2, 3)))), is_fake))
        return np.zeros((2, 2), np.float32)

    monkeypatch.setattr(heatmaps, "methods", lambda *_: {"noted": note})
    (row,) = heatmaps._measure([stack], model, seed=1)
    score = model.calibration.scores(margins.max(keepdims=True))[0]
    is_fake = bool(score >= model.calibration.band_low)
    assert asked == [(int(margins.argmax()), is_fake)]
    assert row["verdict"] == ("fake" if is_fake else "real")


def test_labels_and_datasets_take_turns() -> None:
    """Half of the images are real, and each dataset of a label gives as many, while it has some."""
    sizes = {("a", 0): 50, ("b", 1): 50, ("c", 1): 2, ("d", 1): 50}
    items = pd.DataFrame(
        [
            {"path": f"{dataset}/{number}", "label": label, "dataset": dataset}
            for (dataset, label), count in sizes.items()
            for number in range(count)
        ]
    )
    counts = draw_balanced(items, 20, seed=1).groupby("dataset").size().to_dict()
    assert counts == {"a": 10, "b": 4, "c": 2, "d": 4}
    assert len(draw_balanced(items, 1000, seed=1)) == len(items)


def test_every_method_gives_a_heatmap(model: ModelUnderTest) -> None:
    """From 0 to 1, of as many cells as its name says."""
    pixels = np.random.default_rng(1).integers(0, 256, (3, model.spec.size, model.spec.size))
    for name, explain in methods(model, seed=1).items():
        heat = explain(pixels.astype(np.uint8), True)
        assert 0 <= heat.min() <= heat.max() <= 1
        if name.startswith("occlusion"):
            assert name == f"occlusion {heat.shape[0]}x{heat.shape[1]}"
