"""A run says of itself what a model card repeats."""

import json
from pathlib import Path

import pytest

from detector.preprocess import PreprocessingSpec
from training.config import TrainingConfig
from training.run import HISTORY, Run


def _run(folder: Path, epochs: list[dict[str, float]]) -> Run:
    facts = {"git_commit": "abc", "git_changed": False, "dataset_fingerprint": "", "libraries": {}}
    (folder / HISTORY).write_text(json.dumps(epochs))
    return Run(folder, TrainingConfig(), PreprocessingSpec(), "backbone", folder, facts)


@pytest.mark.parametrize(
    ("epochs", "kept"),
    [
        ([{"eval_auc": 0.9, "eval_score": 0.8}, {"eval_auc": 0.8, "eval_score": 0.9}], 2),
        ([{"eval_auc": 0.9}, {"eval_auc": 0.8}], 1),
    ],
)
def test_the_best_epoch_is_the_one_that_is_kept(
    epochs: list[dict[str, float]], kept: int, tmp_path: Path
) -> None:
    """The one that does best on other sources, where there were any, whatever validation says."""
    numbered = [{**epoch, "epoch": number} for number, epoch in enumerate(epochs, 1)]
    stage = _run(tmp_path, numbered).stage()
    assert stage["best_epoch"] == kept
    assert stage["best_validation_auc"] == epochs[kept - 1]["eval_auc"]
