"""The network: a Transformers ViT with a two-class head, fed uint8 and giving one margin."""

from pathlib import Path

import torch
from torch import nn
from transformers import ViTConfig, ViTForImageClassification
from transformers.utils import logging as transformers_logging

from core.errors import ModelUnavailableError
from detector.early_head import EarlyHeadViT, early_layer
from detector.preprocess import PreprocessingSpec

LABELS = {0: "real", 1: "fake"}
FAKE = 1


def load_vit(name_or_folder: str | Path, *, new_head: bool = False) -> ViTForImageClassification:
    """Load a ViT in float32 from a folder or a hub id; raises ModelUnavailableError.

    It is an EarlyHeadViT when its configuration says that it has an early head.
    With `new_head` the labels become real and fake, and a head of another size is made anew.
    """
    transformers_logging.disable_progress_bar()
    head = {"num_labels": 2, "id2label": LABELS, "label2id": {v: k for k, v in LABELS.items()}}
    try:
        config = ViTConfig.from_pretrained(str(name_or_folder))
        kind = EarlyHeadViT if early_layer(config) else ViTForImageClassification
        return kind.from_pretrained(
            str(name_or_folder),
            dtype=torch.float32,
            ignore_mismatched_sizes=new_head,
            **(head if new_head else {}),
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelUnavailableError(
            f"No ViT could be loaded from {name_or_folder} ({str(error).splitlines()[0]}). "
            "Name a folder with config.json and model.safetensors, or a hub id that is reachable."
        ) from error


def side_of(vit: ViTForImageClassification) -> int:
    """Return the side of the square images that the network takes; raises ModelUnavailableError."""
    size = vit.config.image_size
    if not isinstance(size, int):
        raise ModelUnavailableError(
            f"The backbone takes images of {size}; one that takes squares is needed."
        )
    return size


class Normalize(nn.Module):
    """Turns uint8 RGB [n, 3, size, size] into what the network was trained on, on its device."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, spec: PreprocessingSpec) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(spec.mean).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(spec.std).view(1, 3, 1, 1) * 255)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return float32 [n, 3, size, size]."""
        return (pixels.to(torch.float32) - self.mean) / self.std


class Margin(nn.Module):
    """Normalizes uint8 images and returns the margin logit(fake) - logit(real) of each."""

    def __init__(self, vit: ViTForImageClassification, spec: PreprocessingSpec) -> None:
        super().__init__()
        labels = {str(name): int(i) for i, name in (vit.config.id2label or {}).items()}
        if set(labels) != set(LABELS.values()):
            raise ModelUnavailableError(
                f"The model's labels are {sorted(labels)}; they must be fake and real."
            )
        self.vit = vit
        self.fake, self.real = labels["fake"], labels["real"]
        self.normalize = Normalize(spec)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return float32 [n] for uint8 [n, 3, size, size]."""
        logits = self.vit(pixel_values=self.normalize(pixels).to(self.vit.dtype)).logits.float()
        return logits[:, self.fake] - logits[:, self.real]
