"""From a run to an immutable model version: round, calibrate, measure, describe, write.

The weights are rounded to float16 first, and everything is measured with the rounded ones: the
numbers on the card are those of the files beside it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ConfigurationError, DatasetError
from core.registry import CARD, Registry
from detector.artifact import CALIBRATION, PREPROCESSING, write_json, writing
from detector.decision import Calibration
from detector.engines import Engine
from detector.engines.torch_engine import TorchEngine, choose_device
from detector.vit import LABELS, load_vit
from training.calibrate import calibrate
from training.card import write_card
from training.dataset import REPORT, PreparedDataset
from training.evaluation.charts import draw_evaluation
from training.evaluation.rows import Evaluation, evaluate
from training.evaluation.testset import gather
from training.plots import draw_curves
from training.quantize import add_int8, require_nncf
from training.run import DERIVATIONS, Run
from training.scoring import Scored, score

BARS = 20  # of the distributions of scores


@dataclass(frozen=True)
class Measured:
    """What the card tells: the calibration and how the version does with it.

    `distributions` counts the scores of real and of fake test images in equal steps from 0 to 1.
    `whole` are the test images and those of `cross` once more, of a version that scores faces.
    """

    calibration: Calibration
    validated: Scored
    validation: Evaluation
    test: Evaluation
    cross: Evaluation | None
    distributions: Mapping[str, list[int]]
    whole: Sequence[Evaluation] = ()


def publish(
    run_folder: Path,
    name: str,
    registry: Path,
    *,
    cross: tuple[str, ...],
    int8: bool = False,
    max_bytes: int | None = None,
) -> Path:
    """Write the next version of `name` and return its folder.

    `cross` names folders that were not trained on, as `[NAME=]DIR`; the card reports them apart.
    With `int8`, a quantized network comes along if its scores are close enough. A version of more
    than `max_bytes` is refused. Raises ConfigurationError, DatasetError or ModelUnavailableError,
    and then writes nothing.
    """
    run = Run.read(run_folder)
    if int8:
        require_nncf()
    run.require_ended()
    dataset = PreparedDataset.read(run.dataset)
    if dataset.fingerprint != run.facts["dataset_fingerprint"]:
        raise DatasetError(
            f"{run.dataset} is not the dataset of this run any more; bring the old one back."
        )
    version = Registry(registry).next_id(name)
    with writing(registry / version) as draft:
        vit = load_vit(run.model).half()
        vit.save_pretrained(draft)
        write_json(draft / PREPROCESSING, run.spec.to_dict())
        engine = TorchEngine(draft, run.spec, choose_device("auto"))
        plots = draft / "plots"
        plots.mkdir()
        measured = _measure(run, dataset, engine, cross, plots)
        write_json(draft / CALIBRATION, measured.calibration.to_dict())
        if not run.is_derived:
            draw_curves(run.history, plots / "curves.png")
        card = _card(version, type(vit).__name__, run, dataset, measured)
        if int8:
            card["int8"] = _add_int8(draft, run, dataset, measured)
        write_json(draft / CARD, card)
        write_card(card, draft / "card.md")
        if max_bytes is not None:
            _require_small(draft, max_bytes)
    return registry / version


def _measure(
    run: Run, dataset: PreparedDataset, engine: Engine, cross: tuple[str, ...], plots: Path
) -> Measured:
    def scored(split: str) -> Scored:
        found = score(dataset.split(split), run.spec, engine, what=split)
        found.require_readable()
        return found

    validation, test = scored("validation"), scored("test")
    calibration = calibrate(validation.margins, validation.labels, target_fpr=run.config.target_fpr)
    draw_evaluation(test, calibration, plots)
    others = gather(cross, "test") if cross else None
    unseen = None
    if others is not None:
        unseen = evaluate(score(others, run.spec, engine, what="unseen sources"), calibration)
    whole = []
    if run.spec.finds_faces:
        sets = {"test": dataset.split("test"), "unseen sources": others}
        whole = [
            evaluate(score(items, run.spec.whole(), engine, what=f"{what}, whole"), calibration)
            for what, items in sets.items()
            if items is not None
        ]
    return Measured(
        calibration,
        validation,
        evaluate(validation, calibration),
        evaluate(test, calibration),
        unseen,
        _distributions(test, calibration),
        whole,
    )


def _distributions(test: Scored, calibration: Calibration) -> dict[str, list[int]]:
    scores = calibration.scores(test.margins)
    return {
        name: np.histogram(scores[test.labels == number], BARS, (0, 1))[0].tolist()
        for number, name in LABELS.items()
    }


def _add_int8(
    draft: Path, run: Run, dataset: PreparedDataset, measured: Measured
) -> dict[str, Any]:
    agreement = add_int8(
        draft,
        run.spec,
        dataset.split("train"),
        measured.validated,
        measured.calibration,
        seed=run.config.seed,
    )
    return agreement.to_dict()


def _card(
    version: str, architecture: str, run: Run, dataset: PreparedDataset, measured: Measured
) -> dict[str, Any]:
    report = json.loads((dataset.folder / REPORT).read_bytes())
    metrics = {
        "validation": measured.validation.overall.to_dict(),
        "test": measured.test.overall.to_dict(),
        "test_expected_calibration_error": measured.test.overall.calibration_error,
        "sources": {name: one.to_dict() for name, one in measured.test.datasets.items()},
        "unseen_sources": _unseen(measured.cross) if measured.cross else None,
        "scored_whole": [_unseen(one) for one in measured.whole],
    }
    told = run.config.card
    return {
        "id": version,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "architecture": f"{architecture}, float16 weights",
        "backbone": {**run.facts["backbone"], "description": told.backbone},
        "licence": told.weights_licence,
        "limits": list(told.limits),
        "data": {
            "fingerprint": dataset.fingerprint,
            "counts": report["counts"],
            "left_out": report["dropped_by_reason"],
            "groups": report["groups"],
            "probes": report["probes"],
        },
        "stages": run.stages,
        **{made: run.facts[made] for made in sorted(DERIVATIONS) if made in run.facts},
        "preprocessing": run.spec.to_dict(),
        "calibration": measured.calibration.to_dict(),
        "metrics": metrics,
        "score_distributions": dict(measured.distributions),
    }


def _unseen(cross: Evaluation) -> dict[str, Any]:
    return {
        "sources": {name: one.to_dict() for name, one in cross.datasets.items()},
        "pairs": {name: one.to_dict() for name, one in cross.pairs.items()},
    }


def _require_small(folder: Path, max_bytes: int) -> None:
    size_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if size_bytes > max_bytes:
        raise ConfigurationError(
            f"The model version would take {size_bytes:,} bytes, and at most {max_bytes:,} are "
            "asked for. Choose a smaller backbone, or raise --max-mb."
        )
