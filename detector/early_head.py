"""A ViT that is read twice: after its last layer, and after one in its middle.

What tells generated images of unknown origin apart is texture, which the middle of a network knows
and its end gives up for what the trained sources have in common (Koutlis and Papadopoulos,
"Leveraging Representations from Intermediate Encoder-blocks for Synthetic Image Detection",
ECCV 2024). A second linear head costs next to nothing: the class token is there anyway.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.functional import softplus
from transformers import ViTConfig, ViTForImageClassification
from transformers.modeling_outputs import ImageClassifierOutput

from core.errors import ConfigurationError

LAYER = "early_head_layer"  # in config.json: how many layers the class token has passed by then
SILENT = -100.0  # a margin of the early head that adds nothing to any other


class EarlyHeadViT(ViTForImageClassification):
    """Tells fake images from real ones, `fake` and `real` being its labels.

    The early head adds a second way to be fake: its margin e, beside those of the labels, joins the
    softmax, and both ways count as fake. So margin = log(exp(m) + exp(e)), for the last head's m.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__(config)
        self._fake, self._real = (int((config.label2id or {})[name]) for name in ("fake", "real"))
        self.early_classifier = nn.Linear(config.hidden_size, 1)
        middle = self.vit.layers[early_layer(config) - 1]
        middle.register_forward_hook(_note_class_token, with_kwargs=True)
        self.post_init()

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] - `options` has the rest
        self,
        pixel_values: torch.Tensor | None = None,
        **options: Any,  # noqa: ANN401 - what Transformers' own forward takes
    ) -> ImageClassifierOutput:
        """Return what a ViT does; the logits, float32 [n, 2], are those of both heads."""
        options["noted"] = noted = list[torch.Tensor]()
        seen = super().forward(pixel_values, **options)
        assert seen.logits is not None, "A ViT with a head gives logits."
        logits = seen.logits.float()
        early = self.early_classifier(noted[0])[:, 0].float()
        real, fake = logits[:, self._real], logits[:, self._fake]
        either = fake + softplus(early - (fake - real))
        seen.logits = torch.stack([either, real] if self._fake == 0 else [real, either], 1)
        return seen


def early_layer(config: ViTConfig) -> int:
    """Return after how many layers the early head reads; 0: there is none."""
    return int(getattr(config, LAYER, 0))


def with_early_head(vit: ViTForImageClassification, layer: int) -> EarlyHeadViT:
    """Return the network with a second head after `layer` layers, which says nothing yet.

    Raises ConfigurationError when it has one already, or no such layer below its last.
    """
    depth = vit.config.num_hidden_layers
    if early_layer(vit.config):
        raise ConfigurationError("The network has an early head already.")
    if not 0 < layer < depth:
        raise ConfigurationError(
            f"An early head reads after one of the layers 1 to {depth - 1} of this network; "
            f"{layer} is none of them."
        )
    config = ViTConfig.from_dict({**vit.config.to_dict(), LAYER: layer})
    twice = EarlyHeadViT(config)
    twice.load_state_dict(vit.state_dict(), strict=False)
    nn.init.zeros_(twice.early_classifier.weight)
    nn.init.constant_(twice.early_classifier.bias, SILENT)
    return twice.eval()


def _note_class_token(
    _: nn.Module, __: tuple[Any, ...], options: Mapping[str, Any], tokens: torch.Tensor
) -> None:
    """Note the class token, [n, width], for the forward pass that asked: threads share layers."""
    if "noted" in options:
        options["noted"].append(tokens[:, 0])
