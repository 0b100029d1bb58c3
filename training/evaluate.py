"""Measures a model on images, by dataset, method and source, and writes what it found.

fakesweep train evaluate --model faces-1 --data real:photos --data fake:fakes --out measured
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from core.errors import ConfigurationError
from detector.artifact import write_json
from training.evaluation.adversarial import Adversarial, measure_adversarial
from training.evaluation.charts import draw_evaluation
from training.evaluation.errors import worst_errors
from training.evaluation.findings import Findings, Subject
from training.evaluation.model_under_test import Faces, ModelUnderTest
from training.evaluation.report import write_report
from training.evaluation.robustness import Robustness, measure_robustness
from training.evaluation.rows import evaluate, tabulate
from training.evaluation.testset import gather
from training.layouts.listing import DEFAULT_FRAMES
from training.scoring import Scored, score

EVALUATION = "evaluation.json"
REPORT = "report.html"


@dataclass(frozen=True)
class Options:
    """How to measure; 0 images turn a part off.

    `robustness_images` and `adversarial_images` are of each dataset, `gallery` are thumbnails of
    each label, `frames` are of each video. `surrogate` is a model whose attacks are tried too,
    named as `--model` is.
    """

    split: str = "test"
    frames: int = DEFAULT_FRAMES
    faces: Faces = "auto"
    device: str = "auto"
    rounds: int = 1000
    seed: int = 7
    robustness_images: int = 0
    adversarial_images: int = 0
    surrogate: str = ""
    gallery: int = 0


def evaluate_model(
    model: str,
    data: Sequence[str],
    *,
    registry: Path,
    out: Path | None = None,
    options: Options | None = None,
) -> Findings:
    """Measure a run or a model version (`ModelUnderTest.load`) on `data` (`gather`).

    A folder `out` gets evaluation.json, report.html and the charts. Raises ModelUnavailableError,
    ConfigurationError and DatasetError.
    """
    told = options or Options()
    if out and out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out} is a file; name a folder with --out.")
    tested = ModelUnderTest.load(model, registry, faces=told.faces, device=told.device)
    surrogate = (
        ModelUnderTest.load(told.surrogate, registry, device=told.device)
        if told.surrogate
        else None
    )
    with TemporaryDirectory(prefix="fakesweep-") as scratch:
        items = gather(data, told.split, scratch=Path(scratch), frames=told.frames)
        scored = score(items, tested.spec, tested.engine, what="images")
        table, calibration = tabulate(scored, tested.calibration), tested.calibration
        findings = Findings(
            subject=Subject.of(tested, split=told.split, seed=told.seed, rounds=told.rounds),
            evaluation=evaluate(scored, calibration, rounds=told.rounds, seed=told.seed),
            errors=worst_errors(table, calibration.threshold, thumbnails=told.gallery),
            robustness=_robustness(items, tested, told),
            adversarial=_adversarial(items, tested, told, surrogate),
        )
    if out:
        _write(findings, scored, table, out)
    return findings


def _robustness(items: pd.DataFrame, tested: ModelUnderTest, told: Options) -> Robustness | None:
    if not told.robustness_images:
        return None
    return measure_robustness(items, tested, per_dataset=told.robustness_images, seed=told.seed)


def _adversarial(
    items: pd.DataFrame,
    tested: ModelUnderTest,
    told: Options,
    surrogate: ModelUnderTest | None,
) -> Adversarial | None:
    if not told.adversarial_images:
        return None
    return measure_adversarial(
        items, tested, per_dataset=told.adversarial_images, seed=told.seed, surrogate=surrogate
    )


def _write(findings: Findings, scored: Scored, table: pd.DataFrame, out: Path) -> None:
    plots = out / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    draw_evaluation(
        scored,
        findings.evaluation.calibration,
        plots,
        is_calibrated=findings.subject.is_calibrated,
    )
    write_json(out / EVALUATION, findings.to_dict())
    write_report(findings, table, out / REPORT)
