"""Heads by logistic regression, on what a network says of some examples.

A head that starts at random sends noise through the backbone until it has learned something, and
spoils there what holds for images of other sources (Kumar et al., "Fine-Tuning can Distort
Pretrained Features and Underperform Out-of-Distribution", ICLR 2022).
"""

from collections.abc import Callable, Iterator, Sequence

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

Read = Callable[[torch.Tensor], torch.Tensor]  # of normalized images: features [n, width]
Features = NDArray[np.float64]


def fit_head(
    network: FineTuned, examples: TrainingExamples, count: int, *, batch: int, processes: int
) -> None:
    """Set the head by `count` examples, which are forwarded once; 0 leaves it as it is.

    Raises DatasetError when these are not of both labels.
    """
    if not count:
        return

    def read(pixels: torch.Tensor) -> torch.Tensor:
        return network.vit.vit(pixel_values=pixels).last_hidden_state[:, 0]

    shown = batches_of(examples, count, batch, processes)
    features, labels = features_of(network, read, shown, count, what="Starting the head")
    weight, bias = fit_linear(features, labels, more="adaptation: {head_examples: ...}")
    _write(network.vit.classifier, weight, bias)


def fit_linear(
    features: Features,
    labels: Sequence[int] | NDArray[np.int64],
    *,
    more: str,
    regularization: float = REGULARIZATION,
) -> tuple[Features, float]:
    """Return the weights, float64 [width], and the bias of the margin of being fake.

    `more` says how to ask for more examples. Raises DatasetError when all are of one label.
    """
    if len(set(labels)) < len(LABELS):
        raise DatasetError(
            f"The first {len(labels):,} examples are all of one label; let the head be made of "
            f"more of them (`{more}`)."
        )
    scale = StandardScaler().fit(features)
    fitted = LogisticRegression(C=regularization, max_iter=1000).fit(
        scale.transform(features), labels
    )
    weight = fitted.coef_[0] / scale.scale_
    return weight, float(fitted.intercept_[0]) - float(weight @ scale.mean_)


def batches_of(
    examples: TrainingExamples, count: int, batch: int, processes: int
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the first so many examples, of as many epochs as that takes."""
    for epoch in range(-(-count // len(examples))):
        examples.set_epoch(epoch)
        some = range(min(count - epoch * len(examples), len(examples)))
        yield from DataLoader(Subset(examples, some), batch, num_workers=processes)
    examples.set_epoch(0)


@torch.no_grad()  # not inference mode: what it moves must still learn
def features_of(
    network: FineTuned,
    read: Read,
    batches: Iterator[dict[str, torch.Tensor]],
    count: int,
    *,
    what: str,
) -> tuple[Features, NDArray[np.int64]]:
    """Return what is read of each example, float64 [n, width], and the labels."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    features, labels = [], []
    with bar() as progress:
        task = progress.add_task(what, total=count)
        for batch in batches:
            pixels = network.normalize(batch["pixels"].to(device))
            features.append(read(pixels).float().cpu().numpy())
            labels.append(batch["labels"].numpy())
            progress.advance(task, len(pixels))
    return np.concatenate(features).astype(np.float64), np.concatenate(labels)


@torch.no_grad()
def _write(head: nn.Module, weight: Features, bias: float) -> None:
    """Make the margin what was fitted: half of it to each of the two logits."""
    assert isinstance(head, nn.Linear), "A ViT that tells labels has a linear head."
    for index in LABELS:
        sign = 0.5 if index == FAKE else -0.5
        head.weight[index] = torch.as_tensor(sign * weight)
        head.bias[index] = sign * bias
