"""What a training run can be told: a YAML file, validated, kept with the run."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError

Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Augmentation(_Section):
    """How often, and how far, `training.augment` changes an image; 0 turns a change off."""

    min_crop_area: Annotated[float, Field(gt=0, le=1)] = 0.7
    flip: Share = 0.5
    rotate: Share = 0.2
    max_degrees: Annotated[float, Field(ge=0, le=14)] = 8
    colour: Share = 0.5
    colour_strength: Annotated[float, Field(ge=0, lt=1)] = 0.15
    resample: Share = 0.3
    min_scale: Annotated[float, Field(gt=0, le=1)] = 0.6
    blur: Share = 0.1
    max_blur_px: Annotated[float, Field(ge=0.2)] = 1.0
    encode: Share = 0.5
    min_quality: Annotated[int, Field(ge=1, le=100)] = 50


class Preprocessing(_Section):
    """What the backbone was trained with; the size comes from the backbone itself."""

    resampling: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)


class Card(_Section):
    """What the model card says that no measurement shows."""

    backbone: str = ""
    weights_licence: str = ""
    limits: tuple[str, ...] = ()


class TrainingConfig(_Section):
    """Everything that decides a run beside the data and the backbone."""

    seed: int = 7
    epochs: Annotated[int, Field(ge=1)] = 6
    batch_size: Annotated[int, Field(ge=1)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    warmup: Share = 0.1
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    patience: Annotated[int, Field(ge=1)] = 2  # epochs without a better validation AUC
    loader_processes: Annotated[int, Field(ge=0)] = 0  # 0: images are prepared between steps
    target_fpr: Annotated[float, Field(gt=0, lt=0.5)] = 0.02
    preprocessing: Preprocessing = Preprocessing()
    augmentation: Augmentation = Augmentation()
    card: Card = Card()


def read_config(file: Path) -> TrainingConfig:
    """Read a YAML file; raises ConfigurationError with a sentence for each value that is off."""
    try:
        return TrainingConfig.model_validate(yaml.safe_load(file.read_text()) or {})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"{file} is not a valid configuration: {faults}.") from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{file} could not be read ({error}).") from error
