"""The int8 network of a version: compared with the weights, and left out where it is off."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.registry import verify_folder
from detector.artifact import Artifact
from detector.decision import Calibration
from detector.engines.openvino_engine import OpenVinoEngine
from detector.engines.openvino_models import INT8
from training import quantize
from training.publish import publish
from training.quantize import compare
from training.run import Run

CALIBRATION = Calibration(1.0, 0.5, 0.4, 0.6, 0.02)
LABELS = np.array([0, 0, 1, 1])
MARGINS = np.array([-4, -2, 2, 4], np.float32)


def test_the_same_scores_agree() -> None:
    """Nothing flips, nothing moves."""
    found = compare(MARGINS, MARGINS, LABELS, CALIBRATION)
    assert found.to_dict() == {
        "images": 4,
        "label_flips": 0.0,
        "mean_score_change": 0.0,
        "largest_score_change": 0.0,
        "auc_change": 0.0,
        "accepted": True,
    }


@pytest.mark.parametrize(
    "others",
    [
        [-4, 0.1, 2, 4],  # real becomes uncertain
        [-4, -1.5, 2, 4],  # a score moves by 0.06
    ],
)
def test_scores_that_move_are_too_far_off(others: list[float]) -> None:
    """One label in four, or one hundredth of a score on average, is more than may be."""
    assert not compare(MARGINS, np.array(others, np.float32), LABELS, CALIBRATION).is_close


def test_a_lower_auc_is_too_far_off() -> None:
    """Even when scores hardly move: it says that the order of real and fake has changed."""
    margins = np.array([0.00, 0.02, 0.01, 0.03], np.float32)
    found = compare(margins, np.sort(margins), LABELS, Calibration(1.0, 0.9, 0.8, 0.95, 0.02))
    assert found.label_flips == 0
    assert found.mean_score_change < 0.01
    assert found.auc_change == pytest.approx(0.25)
    assert not found.is_close


@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_version_brings_it_along_or_says_why_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_allowed: bool
) -> None:
    """The card has the numbers either way; the file is there only when they are small enough."""
    monkeypatch.setattr(quantize, "MOST_CHANGE", 1.0 if is_allowed else -1.0)
    monkeypatch.setattr(quantize, "MOST_FLIPS", 1.0)
    monkeypatch.setattr(quantize, "MOST_AUC_CHANGE", 1.0)
    folder = publish(run.folder, "drawn", tmp_path, cross=(), int8=True)
    verify_folder(folder)
    card = json.loads((folder / "card.json").read_bytes())
    assert card["int8"]["accepted"] is (folder / INT8).exists() is is_allowed
    assert card["int8"]["images"] > 0
    assert "int8" in (folder / "card.md").read_text()
    spec = Artifact.read(folder).spec
    pixels = np.random.default_rng(1).integers(0, 256, (3, 3, spec.size, spec.size), np.uint8)
    exact = OpenVinoEngine(folder, spec, precision="float").forward(pixels)
    if is_allowed:
        quantized = OpenVinoEngine(folder, spec, precision="int8").forward(pixels)
        assert quantized == pytest.approx(exact, abs=0.5)
        assert OpenVinoEngine(folder, spec).precision in ("float", "int8")
    else:
        assert OpenVinoEngine(folder, spec).precision == "float"
