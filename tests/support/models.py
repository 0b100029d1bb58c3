"""Tiny random ViTs: whole model versions that load in milliseconds and score at random."""

from pathlib import Path

import torch
from transformers import ViTConfig, ViTForImageClassification

from detector.artifact import CALIBRATION, PREPROCESSING, write_json, writing
from detector.decision import Calibration
from detector.preprocess import PreprocessingSpec
from detector.vit import LABELS

TINY_SIZE = 32


def tiny_vit(*, seed: int = 0, layers: int = 2, size: int = TINY_SIZE) -> ViTForImageClassification:
    """Return a random ViT of square images, 32 x 32 by default; it is 16 wide."""
    torch.manual_seed(seed)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=size,
        patch_size=8,
        id2label=LABELS,
        label2id={name: number for number, name in LABELS.items()},
    )
    return ViTForImageClassification(config).eval()


def write_tiny_backbone(folder: Path) -> Path:
    """Save a tiny ViT as a folder that training can start from."""
    tiny_vit().save_pretrained(folder)
    return folder


def write_tiny_model_version(
    root: Path,
    name: str = "tiny",
    number: int = 1,
    *,
    faces: str = "off",
    size: int = TINY_SIZE,
) -> Path:
    """Write a whole, verified model version with random weights into a registry folder."""
    spec = PreprocessingSpec(size=size, faces=faces)
    folder = root / f"{name}-{number}"
    with writing(folder) as draft:
        tiny_vit(seed=number, size=size).save_pretrained(draft)
        write_json(draft / PREPROCESSING, spec.to_dict())
        write_json(draft / CALIBRATION, Calibration(1.0, 0.5, 0.45, 0.55, 0.02).to_dict())
        write_json(draft / "card.json", {"name": name, "description": "Random weights, for tests."})
    return folder
