"""An int8 network beside a version's weights, kept only if it scores as they do.

Post-training quantization by NNCF: what the network sees of some training images sets the ranges of
its activations. Then the validation split is scored both ways, and the card tells how they differ.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from core.errors import ConfigurationError
from detector.decision import Calibration
from detector.preprocess import PreprocessingSpec
from training.scoring import Scored, prepare_files, score

CALIBRATION_IMAGES = 300
MOST_FLIPS = 0.005  # of the labels
MOST_CHANGE = 0.01  # of a score, on average
MOST_AUC_CHANGE = 0.002


@dataclass(frozen=True)
class Agreement:
    """How the scores of the int8 network differ from those of the weights, on the same images."""

    images: int
    label_flips: float
    mean_score_change: float
    largest_score_change: float
    auc_change: float

    @property
    def is_close(self) -> bool:
        """Whether the int8 network may serve this version."""
        return (
            self.label_flips <= MOST_FLIPS
            and self.mean_score_change <= MOST_CHANGE
            and abs(self.auc_change) <= MOST_AUC_CHANGE
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what the card tells."""
        return {**asdict(self), "accepted": self.is_close}


def add_int8(
    folder: Path,
    spec: PreprocessingSpec,
    training: pd.DataFrame,
    validation: Scored,
    calibration: Calibration,
    *,
    seed: int,
) -> Agreement:
    """Write the int8 network of a version into its folder, unless its scores are not close enough.

    `validation` was scored by the weights. Raises ConfigurationError without OpenVINO and NNCF.
    """
    require_nncf()
    from detector.engines.openvino_engine import OpenVinoEngine  # noqa: PLC0415 - optional
    from detector.engines.openvino_models import INT8  # noqa: PLC0415 - optional

    some = training.sample(min(CALIBRATION_IMAGES, len(training)), random_state=seed)
    _quantize(folder, spec, some["path"].tolist(), folder / INT8)
    engine = OpenVinoEngine(folder, spec, precision="int8")
    again = score(validation.sound, spec, engine, what="validation in int8")
    agreement = compare(validation.margins, again.margins, validation.labels, calibration)
    if not agreement.is_close:
        for suffix in (".xml", ".bin"):
            (folder / INT8).with_suffix(suffix).unlink()
    return agreement


def require_nncf() -> None:
    """Raise ConfigurationError when what quantizes is not installed."""
    if find_spec("openvino") is None or find_spec("nncf") is None:
        raise ConfigurationError(
            "An int8 network needs OpenVINO and NNCF: pip install 'fakesweep[openvino]'."
        )


def compare(
    margins: NDArray[np.float32],
    others: NDArray[np.float32],
    labels: NDArray[np.integer],
    calibration: Calibration,
) -> Agreement:
    """Compare margins, float32 [n], of the same images by two engines; labels are 0 or 1, int [n].

    A label flips when it is another one of real, uncertain and fake.
    """
    ours, theirs = calibration.scores(margins), calibration.scores(others)
    change = np.abs(ours - theirs)
    pairs = zip(ours.tolist(), theirs.tolist(), strict=True)
    flipped = [calibration.label(one) != calibration.label(other) for one, other in pairs]
    return Agreement(
        images=len(labels),
        label_flips=float(np.mean(flipped)),
        mean_score_change=float(change.mean()),
        largest_score_change=float(change.max()),
        auc_change=float(roc_auc_score(labels, others) - roc_auc_score(labels, margins)),
    )


def _quantize(folder: Path, spec: PreprocessingSpec, paths: list[str], file: Path) -> None:
    # The models' module keeps OpenVINO, which NNCF imports too, from reporting that it is used.
    from detector.engines.openvino_models import converted, openvino  # noqa: I001, PLC0415
    import nncf  # noqa: PLC0415

    quantized = nncf.quantize(
        converted(openvino.Core(), folder, spec),
        nncf.Dataset(list(_squares(paths, spec))),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(paths),
    )
    openvino.save_model(quantized, file, compress_to_fp16=False)


def _squares(paths: list[str], spec: PreprocessingSpec) -> Iterator[NDArray[np.uint8]]:
    """Yield what is scored first of each image that can be scored, uint8 [1, 3, size, size]."""
    with ThreadPoolExecutor() as pool:
        for batch in prepare_files(paths, spec, pool):
            for one in batch:
                if one.prepared is not None:
                    yield one.prepared.pixels[:1]
