"""The head's start: a logistic regression on what the untrained backbone says of some examples.

A head that starts at random sends noise through the backbone until it has learned something, and
spoils there what holds for images of other sources (Kumar et al., "Fine-Tuning can Distort
Pretrained Features and Underperform Out-of-Distribution", ICLR 2022).
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, Subset

from core.errors import DatasetError
from detector.vit import FAKE, LABELS
from training.examples import TrainingExamples
from training.network import FineTuned
from training.progress import bar

REGULARIZATION = 1e-3  # C of scikit-learn: beside the examples, the features are many


def fit_head(
    network: FineTuned, examples: TrainingExamples, count: int, *, batch: int, processes: int
) -> None:
    """Set the head by `count` examples, which are forwarded once; 0 leaves it as it is.

    Raises DatasetError when these are not of both labels.
    """
    if not count:
        return
    features, labels = _features(network, _batches(examples, count, batch, processes), count)
    if len(set(labels)) < len(LABELS):
        raise DatasetError(
            f"The first {len(labels):,} examples are all of one label; let the head start from "
            "more of them (`adaptation: {head_examples: ...}`)."
        )
    scale = StandardScaler().fit(features)
    fitted = LogisticRegression(C=REGULARIZATION, max_iter=1000).fit(
        scale.transform(features), labels
    )
    weight = fitted.coef_[0] / scale.scale_
    bias = float(fitted.intercept_[0]) - float(weight @ scale.mean_)
    _write(network.vit.classifier, weight, bias)


def _batches(
    examples: TrainingExamples, count: int, batch: int, processes: int
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the first so many examples, of as many epochs as that takes."""
    for epoch in range(-(-count // len(examples))):
        examples.set_epoch(epoch)
        some = range(min(count - epoch * len(examples), len(examples)))
        yield from DataLoader(Subset(examples, some), batch, num_workers=processes)
    examples.set_epoch(0)


@torch.no_grad()  # not inference mode: what it moves must still learn
def _features(
    network: FineTuned, batches: Iterator[dict[str, torch.Tensor]], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what the head is given of each example, float64 [n, width], and the labels."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    features, labels = [], []
    with bar() as progress:
        task = progress.add_task("Starting the head", total=count)
        for batch in batches:
            pixels = network.normalize(batch["pixels"].to(device))
            last = network.vit.vit(pixel_values=pixels).last_hidden_state
            features.append(last[:, 0].float().cpu().numpy())
            labels.append(batch["labels"].numpy())
            progress.advance(task, len(pixels))
    return np.concatenate(features).astype(np.float64), np.concatenate(labels)


@torch.no_grad()
def _write(head: nn.Module, weight: NDArray[np.float64], bias: float) -> None:
    """Make the margin what was fitted: half of it to each of the two logits."""
    assert isinstance(head, nn.Linear), "A ViT that tells labels has a linear head."
    for index in LABELS:
        sign = 0.5 if index == FAKE else -0.5
        head.weight[index] = torch.as_tensor(sign * weight)
        head.bias[index] = sign * bias
