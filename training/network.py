"""The network as the Trainer sees it, and which of its weights learn how fast."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import ViTForImageClassification

from core.errors import ConfigurationError
from detector.early_head import early_layer
from detector.preprocess import PreprocessingSpec
from detector.vit import Normalize
from training.config import Adaptation

HEADS = ("vit.classifier.", "vit.early_classifier.")


class FineTuned(nn.Module):
    """Takes uint8 pixels and labels, gives loss and logits.

    While it trains, each image loses a random `patch_dropout` of its patches behind the embeddings,
    which costs so much less and asks for evidence from everywhere (Liu et al., "PatchDropout:
    Economizing Vision Transformers Using Patch Dropout", WACV 2023).
    """

    def __init__(
        self, vit: ViTForImageClassification, spec: PreprocessingSpec, patch_dropout: float = 0.0
    ) -> None:
        super().__init__()
        if patch_dropout:

            def drop(module: nn.Module, _: object, tokens: torch.Tensor) -> torch.Tensor:
                return drop_patches(tokens, patch_dropout) if module.training else tokens

            vit.vit.embeddings.register_forward_hook(drop)
        self.vit = vit
        self.normalize = Normalize(spec)

    def forward(self, pixels: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the mean cross-entropy and the logits, float32 [n, 2], of uint8 [n, 3, s, s]."""
        logits = self.vit(pixel_values=self.normalize(pixels)).logits.float()
        return {"loss": cross_entropy(logits, labels), "logits": logits}


def drop_patches(tokens: torch.Tensor, share: float) -> torch.Tensor:
    """Return the class token and a random rest of the patches, [n, 1 + kept, width], of [n, t, w].

    Each image keeps patches of its own, at least one, in their order.
    """
    count, patches = len(tokens), tokens.shape[1] - 1
    kept = max(1, round(patches * (1 - share)))
    chosen = torch.rand(count, patches, device=tokens.device).argsort(1)[:, :kept].sort(1).values
    rows = torch.arange(count, device=tokens.device)[:, None]
    return torch.cat([tokens[:, :1], tokens[:, 1:][rows, chosen]], 1)


def keep_layers(vit: ViTForImageClassification, count: int) -> None:
    """Cut a ViT off above its lowest `count` layers; 0 keeps all.

    The middle of a backbone knows more of a picture's texture than its end does, and costs less.
    Raises ConfigurationError when there are fewer.
    """
    depth = vit.config.num_hidden_layers
    if count > depth:
        raise ConfigurationError(
            f"The configuration keeps {count} layers of a backbone that has {depth}; "
            f"set `adaptation: {{layers: 0}}` to keep all."
        )
    if 0 < count <= early_layer(vit.config):
        raise ConfigurationError(
            f"The configuration keeps {count} layers of a network whose early head reads after "
            f"layer {early_layer(vit.config)}; keep more of them."
        )
    if count:
        vit.vit.layers = vit.vit.layers[:count]
        vit.config.num_hidden_layers = count


def choose_weights(
    network: FineTuned, adaptation: Adaptation, *, learning_rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Freeze what is not to learn, and return the others as an optimizer's parameter groups.

    Biases and normalizations are not decayed.
    """
    depth = network.vit.config.num_hidden_layers
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(_learns(name, adaptation))
        if parameter.requires_grad:
            rate = learning_rate * _factor(name, depth, adaptation)
            decay = weight_decay if parameter.ndim > 1 else 0.0
            group = {"params": [], "lr": rate, "weight_decay": decay}
            groups.setdefault((rate, decay), group)["params"].append(parameter)
    return list(groups.values())


def learning(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the weights that are not frozen, with their names."""
    return ((name, weight) for name, weight in network.named_parameters() if weight.requires_grad)


def _learns(name: str, adaptation: Adaptation) -> bool:
    if name.startswith(HEADS):
        return True
    if adaptation.frozen and (".embeddings." in name or _level(name) in range(adaptation.frozen)):
        return False
    mode = adaptation.mode
    return mode == "full" or (mode == "layer_norm" and "layernorm" in name)


def _level(name: str) -> int | None:
    """Return which layer a weight belongs to, counted from the lowest; None for none of them."""
    _, found, rest = name.partition(".layers.")
    return int(rest.partition(".")[0]) if found else None


def _factor(name: str, depth: int, adaptation: Adaptation) -> float:
    """Return how fast a weight learns: the topmost layer by 1, each below it by less."""
    if name.startswith(HEADS):
        return adaptation.head_factor
    level = _level(name)
    if level is None:  # the embeddings lie below all layers, the last normalization above
        level = -1 if ".embeddings." in name else depth - 1
    return adaptation.layer_decay ** (depth - 1 - level)
