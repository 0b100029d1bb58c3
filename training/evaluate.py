"""Measures a run or a model version, by source and overall, and writes what it found."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import DatasetError
from detector.artifact import CALIBRATION, Artifact, write_json
from detector.decision import Calibration
from detector.engines import Engine
from detector.engines.torch_engine import TorchEngine, choose_device
from detector.preprocess import PreprocessingSpec
from training.dataset import ITEMS, PreparedDataset
from training.layouts.imagefolder import list_files, parse_source
from training.metrics import Floats, Labels, Measurement, measure, reliability
from training.plots import draw_confusion, draw_reliability, draw_roc
from training.run import RUN, Run
from training.scoring import Scored, score

UNCALIBRATED = Calibration(1.0, 0.5, 0.5, 0.5, 0.02)


@dataclass(frozen=True)
class Evaluation:
    """Measurements overall, of each source, and of each fakes-only source against each
    reals-only one (`tpdne vs celeba`); `ece` is the expected calibration error overall."""

    overall: Measurement
    sources: dict[str, Measurement]
    pairs: dict[str, Measurement]
    ece: float | None
    unscored: int

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation for JSON."""
        return {
            "overall": self.overall.to_dict(),
            "sources": {name: one.to_dict() for name, one in self.sources.items()},
            "pairs": {name: one.to_dict() for name, one in self.pairs.items()},
            "expected_calibration_error": self.ece,
            "unscored": self.unscored,
        }


def evaluate_model(model: Path, data: Iterable[str], split: str, out: Path | None) -> Evaluation:
    """Measure on prepared datasets (their `split`) and folders (all of them).

    A folder `out` gets evaluation.json and the plots. Raises ModelUnavailableError and
    DatasetError.
    """
    items = gather(data, split)
    engine, spec, calibration = _load(model)
    scored = score(items, spec, engine, what=split)
    evaluation = evaluate(scored, calibration)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "evaluation.json", evaluation.to_dict())
        draw_evaluation(scored, calibration, out)
    return evaluation


def evaluate(scored: Scored, calibration: Calibration) -> Evaluation:
    """Measure scored images at the calibration's threshold."""

    def measured(part: Scored) -> Measurement:
        return measure(calibration.scores(part.margins), part.labels, calibration.threshold)

    names = list(dict.fromkeys(scored.sources.tolist()))
    sources = {name: measured(scored.of(name)) for name in names}
    pairs = {
        f"{fakes} vs {reals}": measured(scored.of(fakes, reals))
        for fakes in names
        for reals in names
        if sources[fakes].n_real == 0 and sources[reals].n_fake == 0
    }
    overall = measured(scored)
    scores = calibration.scores(scored.margins)
    ece = None if overall.note else reliability(scores, scored.labels).expected_calibration_error
    return Evaluation(overall, sources, pairs, ece, scored.unscored)


def draw_evaluation(scored: Scored, calibration: Calibration, folder: Path) -> None:
    """Draw the confusion matrix, and with both labels the ROC curve and the reliability."""
    scores = calibration.scores(scored.margins)
    overall = measure(scores, scored.labels, calibration.threshold)
    draw_confusion(overall.confusion, folder / "confusion_matrix.png")
    if not overall.note:
        curves: dict[str, tuple[Floats, Labels]] = {"all": (scores, scored.labels)}
        for name in dict.fromkeys(scored.sources.tolist()):
            part = scored.of(name)
            if 0 < part.labels.sum() < len(part.labels):
                curves[name] = (calibration.scores(part.margins), part.labels)
        draw_roc(curves, folder / "roc.png")
        draw_reliability(reliability(scores, scored.labels), folder / "reliability.png")


def gather(data: Iterable[str], split: str) -> pd.DataFrame:
    """Return the items (path, label, source) of prepared datasets and of `[NAME=]DIR` folders."""
    tables = []
    for argument in data:
        if (Path(argument) / ITEMS).exists():
            tables.append(PreparedDataset.read(Path(argument)).split(split))
        else:
            files = list(list_files(parse_source(argument)))
            tables.append(
                pd.DataFrame(
                    {
                        "path": [str(file.path) for file in files],
                        "label": np.array([file.label for file in files], np.int64),
                        "source": [file.source for file in files],
                    }
                )
            )
    items = pd.concat([table[["path", "label", "source"]] for table in tables], ignore_index=True)
    if items.empty:
        raise DatasetError(f"There is no image of the split {split} in {', '.join(data)}.")
    return items


def _load(model: Path) -> tuple[Engine, PreprocessingSpec, Calibration]:
    device = choose_device("auto")
    if (model / RUN).exists() and not (model / CALIBRATION).exists():
        run = Run.read(model)
        return TorchEngine(run.model, run.spec, device), run.spec, UNCALIBRATED
    artifact = Artifact.read(model)
    return TorchEngine(model, artifact.spec, device), artifact.spec, artifact.calibration
