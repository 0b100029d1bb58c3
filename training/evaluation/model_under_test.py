"""The model that is measured: a run, a model version's folder, or a version's id in a registry."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from core.errors import ModelUnavailableError
from core.registry import Registry
from detector.artifact import CALIBRATION, Artifact
from detector.decision import Calibration
from detector.engines import Engine
from detector.engines.torch_engine import TorchEngine, choose_device
from detector.preprocess import PreprocessingSpec
from detector.vit import Margin, load_vit
from training.run import RUN, Run

UNCALIBRATED = Calibration(1.0, 0.5, 0.5, 0.5, 0.02)

Faces = Literal["auto", "off"]


@dataclass(frozen=True)
class ModelUnderTest:
    """A network on a device, with how it wants its images and what its margins mean.

    A run that is not published has no calibration yet: its temperature is 1, its threshold 0.5.
    """

    name: str
    weights: Path
    spec: PreprocessingSpec
    calibration: Calibration
    is_calibrated: bool
    engine: Engine

    @classmethod
    def load(
        cls, model: str, registry: Path, *, faces: Faces = "auto", device: str = "auto"
    ) -> "ModelUnderTest":
        """Load a folder, or what the registry has under that id; raises ModelUnavailableError.

        `faces` is `auto` to score what the model was made for, `off` to score whole images.
        """
        folder = _find(model, registry)
        is_run = (folder / RUN).exists() and not (folder / CALIBRATION).exists()
        if is_run:
            run = Run.read(folder)
            weights, spec, calibration = run.model, run.spec, UNCALIBRATED
        else:
            artifact = Artifact.read(folder)
            weights, spec, calibration = folder, artifact.spec, artifact.calibration
        if faces == "off":
            spec = spec.whole()
        engine = TorchEngine(weights, spec, choose_device(device))
        return cls(folder.resolve().name, weights, spec, calibration, not is_run, engine)

    def network(self) -> Margin:
        """Return the network in float32 on its device, for gradients; its weights are frozen."""
        network = Margin(load_vit(self.weights), self.spec).eval().requires_grad_(False)
        return network.to(torch.device(self.engine.device))


def _find(model: str, registry: Path) -> Path:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    try:
        return Registry(registry).get(model).path
    except ModelUnavailableError as error:
        raise ModelUnavailableError(
            f"{model} is neither the folder of a run or a model version, nor a version in the "
            f"registry {registry}; name one of them with --model."
        ) from error
