"""Measures a model on images, by dataset, method and source, and writes what it found.

fakesweep train evaluate --model fakesweep-vit-small-1 --data photos --data fakes --out measured
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError
from detector.artifact import write_json
from training.evaluation.adversarial import measure_adversarial
from training.evaluation.charts import draw_evaluation
from training.evaluation.errors import worst_errors
from training.evaluation.findings import Findings, Subject
from training.evaluation.model_under_test import Faces, ModelUnderTest
from training.evaluation.report import write_report
from training.evaluation.robustness import measure_robustness
from training.evaluation.rows import evaluate, tabulate
from training.evaluation.testset import gather
from training.scoring import score

EVALUATION = "evaluation.json"
REPORT = "report.html"


@dataclass(frozen=True)
class Options:
    """How to measure; 0 images turn a part off.

    `robustness_images` and `adversarial_images` are of each dataset, `gallery` are thumbnails of
    each label. `surrogate` is a model whose attacks are tried too, as `--model` names one.
    """

    split: str = "test"
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
    data: Iterable[str],
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
    items = gather(data, told.split)
    tested = ModelUnderTest.load(model, registry, faces=told.faces, device=told.device)
    surrogate = None
    if told.surrogate:
        surrogate = ModelUnderTest.load(told.surrogate, registry, device=told.device)
    if out and out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out} is a file; name a folder with --out.")

    scored = score(items, tested.spec, tested.engine, what="images")
    table = tabulate(scored, tested.calibration)
    robustness = adversarial = None
    if told.robustness_images:
        robustness = measure_robustness(
            items, tested, per_dataset=told.robustness_images, seed=told.seed
        )
    if told.adversarial_images:
        adversarial = measure_adversarial(
            items,
            tested,
            per_dataset=told.adversarial_images,
            seed=told.seed,
            surrogate=surrogate,
        )
    findings = Findings(
        subject=Subject.of(tested, split=told.split, seed=told.seed, rounds=told.rounds),
        evaluation=evaluate(scored, tested.calibration, rounds=told.rounds, seed=told.seed),
        errors=worst_errors(table, tested.calibration.threshold, thumbnails=told.gallery),
        robustness=robustness,
        adversarial=adversarial,
    )
    if out:
        plots = out / "plots"
        plots.mkdir(parents=True, exist_ok=True)
        draw_evaluation(scored, tested.calibration, plots)
        write_json(out / EVALUATION, findings.to_dict())
        write_report(findings, table, out / REPORT)
    return findings
