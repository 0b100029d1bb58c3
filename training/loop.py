"""Transformers' Trainer with averaged weights: measured, kept and resumed beside the learning ones.

The average is an exponential one (EMA), which follows fast at first: its decay after n steps is
the smaller of (1 + n) / (10 + n) and the configured one.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.optim.swa_utils import AveragedModel
from transformers import Trainer, TrainerCallback

from training.network import FineTuned, learning

AVERAGE = "average.safetensors"


class Average(TrainerCallback):
    """The averaged weights of a network; `decay` 0 keeps none, and then nothing is changed."""

    def __init__(self, network: FineTuned, decay: float) -> None:
        def follow(
            mean: torch.Tensor, new: torch.Tensor, count: torch.Tensor | int
        ) -> torch.Tensor:
            return torch.lerp(new, mean, min(decay, (1 + int(count)) / (10 + int(count))))

        self._network = network
        self._model = AveragedModel(network, avg_fn=follow) if decay else None

    def on_step_end(self, *_: object, **__: object) -> None:
        """Follow the step."""
        if self._model is not None:
            self._model.to(next(self._network.parameters()).device)
            self._model.update_parameters(self._network)

    def exchange(self) -> None:
        """Put the average into the network, and what it learned in the place of the average."""
        if self._model is None or not self._model.n_averaged:
            return
        own, mean = dict(learning(self._network)), dict(learning(self._model.module))
        for name, weight in own.items():
            kept = weight.data.clone()
            weight.data.copy_(mean[name].data)
            mean[name].data.copy_(kept)

    def save(self, folder: Path) -> None:
        """Write the average beside a checkpoint."""
        if self._model is not None:
            weights = {
                name: weight.data.contiguous() for name, weight in learning(self._model.module)
            }
            weights["steps"] = self._model.n_averaged.clone()
            save_file(weights, folder / AVERAGE)

    def load(self, folder: Path) -> None:
        """Take the average that `save` wrote."""
        if self._model is not None:
            weights = load_file(folder / AVERAGE)
            self._model.n_averaged.copy_(weights.pop("steps"))
            for name, weight in learning(self._model.module):
                weight.data.copy_(weights[name])


class AveragingTrainer(Trainer):
    """Measures with the averaged weights, and writes them into every checkpoint."""

    def __init__(
        self,
        *,
        average: Average,
        callbacks: list[TrainerCallback],
        **given: Any,  # noqa: ANN401 - the Trainer's own
    ) -> None:
        super().__init__(callbacks=[average, *callbacks], **given)
        self._average = average

    def evaluate(self, *given: Any, **named: Any) -> dict[str, float]:  # noqa: ANN401 - likewise
        """Measure the averaged weights."""
        self._average.exchange()
        try:
            return super().evaluate(*given, **named)
        finally:
            self._average.exchange()

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the weights and their average; a checkpoint's state is written after them."""
        super().save_model(output_dir, _internal_call=_internal_call)
        if self.args.should_save and output_dir:
            self._average.save(Path(output_dir))
