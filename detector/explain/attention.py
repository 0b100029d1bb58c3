"""Heatmaps from the attention of a ViT: rolled out, and weighted by what it does to the verdict.

Rollout: Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020. It is the same
for real and fake. Weighted by gradients: Chefer, Gur and Wolf, "Transformer Interpretability Beyond
Attention Visualization", CVPR 2021, by the rules of their "Generic Attention-model Explainability",
ICCV 2021; it is made for one verdict.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from detector.explain import Heatmap, scaled
from detector.preprocess import PreprocessingSpec
from detector.vit import Margin, load_vit

Attentions = list[torch.Tensor]  # of each layer from the lowest up, float32 [1, heads, n, n]


class AttentionExplainer:
    """Explains the verdicts of one model version, on the CPU, for one thread at a time."""

    def __init__(self, folder: Path, spec: PreprocessingSpec) -> None:
        vit = load_vit(folder)
        vit.set_attn_implementation("eager")  # the quick ones keep no attention to look at
        self._margin = Margin(vit, spec).eval().requires_grad_(False)

    def rollout(self, pixels: NDArray[np.uint8]) -> Heatmap:
        """Return the heatmap, float32 [g, g], of a square, uint8 [3, size, size]."""
        attentions, _ = self._attend(pixels)
        return _of_patches(_roll_out([layer.detach()[0].mean(0) for layer in attentions]))

    def by_gradients(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:
        """Return the heatmap, float32 [g, g], of what speaks for fake, or for real."""
        attentions, margin = self._attend(pixels)
        gradients = torch.autograd.grad(margin if towards_fake else -margin, attentions)
        weighted = [
            (layer.detach() * gradient)[0].clamp(min=0).mean(0)
            for layer, gradient in zip(attentions, gradients, strict=True)
        ]
        return _of_patches(_accumulate(weighted))

    def _attend(self, pixels: NDArray[np.uint8]) -> tuple[Attentions, torch.Tensor]:
        """Return the attention of each layer, which gradients can be taken of, and the margin."""
        square = torch.from_numpy(np.ascontiguousarray(pixels[np.newaxis]))
        with torch.enable_grad():
            given = self._margin.normalize(square).requires_grad_()
            seen = self._margin.vit(pixel_values=given, output_attentions=True)
            margin = seen.logits[0, self._margin.fake] - seen.logits[0, self._margin.real]
        return list(seen.attentions), margin


def _roll_out(attentions: list[torch.Tensor]) -> torch.Tensor:
    """Return how much of each token gets to each, [n, n], half of it past each layer."""
    total = torch.eye(attentions[0].shape[-1])
    for attention in attentions:
        total = (attention + torch.eye(len(attention))) / 2 @ total
    return total


def _accumulate(relevances: list[torch.Tensor]) -> torch.Tensor:
    """Return how much each token has to do with each, [n, n]: each layer adds to what was there."""
    total = torch.eye(relevances[0].shape[-1])
    for relevance in relevances:
        total = total + relevance @ total
    return total


def _of_patches(total: torch.Tensor) -> Heatmap:
    """Return what the first token, which the heads read, has of each patch above the least."""
    patches = total[0, 1:].numpy()
    side = round(len(patches) ** 0.5)
    return scaled((patches - patches.min()).reshape(side, side))
