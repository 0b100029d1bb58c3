"""What a training run can be told: a YAML file, validated, kept with the run."""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigurationError

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Augmentation(_Section):
    """How often, and how far, `training.augment` changes an image; 0 turns a change off."""

    min_crop_area: Annotated[float, Field(gt=0, le=1)] = 0.7  # of the image, or of the square
    frame: Annotated[float, Field(ge=0, lt=0.5)] = 0.15  # how far squares around faces vary in side
    shift: Annotated[float, Field(ge=0, le=0.2)] = 0.05  # and in place, of their side
    flip: Share = 0.5
    rotate: Share = 0.2  # and stretch
    max_degrees: Annotated[float, Field(ge=0, le=14)] = 8
    max_stretch: Annotated[float, Field(ge=0, le=0.1)] = 0.05
    colour: Share = 0.5
    colour_strength: Annotated[float, Field(ge=0, lt=1)] = 0.15
    resample: Share = 0.3
    min_scale: Annotated[float, Field(gt=0, le=1)] = 0.6
    blur: Share = 0.1
    max_blur_px: Annotated[float, Field(ge=0.2)] = 1.0
    noise: Share = 0.1
    max_noise: Annotated[float, Field(ge=1)] = 8  # standard deviation, of 255
    encode: Share = 0.5
    encode_again: Share = 0.2  # of those that were encoded
    min_quality: Annotated[int, Field(ge=1, le=100)] = 30
    erase: Share = 0.1
    max_erased_area: Annotated[float, Field(ge=0.02, le=0.5)] = 0.1


class Fakes(_Section):
    """What the fake half of the training images is made of, by weight.

    `generated` are the fakes of the dataset; the others are made from its real faces, see
    `training.pseudo`, and need their landmarks.
    """

    generated: Weight = 1
    self_blended: Weight = 0
    swapped: Weight = 0
    reconstructed: Weight = 0

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(weight for _, weight in self):
            raise ValueError("at least one kind of fakes needs a weight above 0")
        return self


class Sampling(_Section):
    """What an epoch is: half of its images are real.

    Datasets are drawn from in proportion to their size to the power of `balance`: 1 takes every
    image as often as any other, 0 every dataset.
    """

    images_per_epoch: Annotated[int, Field(ge=0)] = 0  # 0: as many as the training split has
    balance: Share = 0.5
    fakes: Fakes = Fakes()


class Adaptation(_Section):
    """Which weights are trained, and how fast.

    `full` trains all; `layer_norm` the LayerNorms and the head (as in Yermakov et al., "Deepfake
    Detection that Generalizes Across Benchmarks", 2025); `linear_probe` the head alone. Each layer
    below the head learns by `layer_decay` slower than the one above it (Clark et al., ELECTRA,
    2020). The head learns `head_factor` times as fast as the topmost layer. It sits on the lowest
    `layers` of the backbone; those above are left out, in the published model too. It starts from
    a logistic regression on `head_examples` examples, see `training.head`. The lowest `frozen`
    layers, and the embeddings below them, stay as they are, which is cheap: nothing is
    propagated back through them.
    """

    layers: Annotated[int, Field(ge=0)] = 0  # 0: all
    frozen: Annotated[int, Field(ge=0)] = 0  # layers, from the lowest, that do not learn
    mode: Literal["full", "layer_norm", "linear_probe"] = "full"
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    head_factor: Annotated[float, Field(gt=0)] = 1.0
    head_examples: Annotated[int, Field(ge=0)] = 0  # 0: it starts at random
    patch_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of each image's patches, in training


def _word(value: object) -> object:
    """Return on and off as the words that they are; YAML reads them as true and false."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


class Preprocessing(_Section):
    """What the backbone was trained with; the size comes from the backbone itself."""

    faces: Annotated[Literal["off", "on"], BeforeValidator(_word)] = "off"
    resampling: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"
    decode: Literal["exact", "fast"] = "exact"  # fast: JPEGs at a smaller size, whole images only
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
    batch_size: Annotated[int, Field(ge=1)] = 16  # of one device in one pass
    accumulation: Annotated[int, Field(ge=1)] = 1  # passes that make a step
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    warmup: Share = 0.1
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0  # of the averaged weights; 0: none are kept
    patience: Annotated[int, Field(ge=1)] = 2  # epochs without a better score
    measured_images: Annotated[int, Field(ge=0)] = 500  # of a dataset and label; 0: all
    loader_processes: Annotated[int, Field(ge=0)] = 0  # 0: images are prepared between steps
    target_fpr: Annotated[float, Field(gt=0, lt=0.5)] = 0.02
    preprocessing: Preprocessing = Preprocessing()
    adaptation: Adaptation = Adaptation()
    sampling: Sampling = Sampling()
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
