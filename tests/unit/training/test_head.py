"""The head that starts from a logistic regression instead of noise."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from core.errors import DatasetError
from detector.preprocess import PreprocessingSpec
from detector.vit import load_vit
from tests.support.runs import TINY
from training.dataset import PreparedDataset
from training.examples import TrainingExamples
from training.head import fit_head
from training.network import FineTuned

WEIGHT = "vit.classifier.weight"
SPEC = PreprocessingSpec(size=32)


@pytest.fixture
def network(backbone: Path) -> FineTuned:
    """A tiny network with a new head."""
    return FineTuned(load_vit(backbone, new_head=True), SPEC)


@pytest.fixture
def examples(dataset: Path) -> TrainingExamples:
    """The drawn images: a green cast marks the fakes."""
    return TrainingExamples(PreparedDataset.read(dataset).split("train"), SPEC, TINY)


def test_it_tells_what_the_backbone_knows(network: FineTuned, examples: TrainingExamples) -> None:
    """Before a single step, the margins part the labels; the backbone is what it was."""
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    fit_head(network, examples, len(examples), batch=8, processes=0)
    shown = [examples[index] for index in range(len(examples))]
    with torch.inference_mode():
        pixels = torch.stack([example["pixels"] for example in shown])
        labels = torch.tensor([example["labels"] for example in shown])
        logits = network(pixels, labels)["logits"]
    assert roc_auc_score(labels, logits[:, 1] - logits[:, 0]) > 0.9
    assert np.allclose(logits[:, 0], -logits[:, 1], atol=1e-5)
    changed = [n for n, now in network.named_parameters() if not torch.equal(before[n], now)]
    assert changed == [WEIGHT, "vit.classifier.bias"]


def test_it_may_take_more_than_an_epoch(network: FineTuned, examples: TrainingExamples) -> None:
    """What comes in the next ones is drawn anew; afterwards the first is due, as ever."""
    first = examples[0]["pixels"].clone()
    fit_head(network, examples, 2 * len(examples) + 3, batch=8, processes=0)
    assert torch.equal(examples[0]["pixels"], first)


def test_without_examples_it_stays_as_it_is(network: FineTuned, examples: TrainingExamples) -> None:
    """The default: a head that is drawn at random."""
    before = dict(network.named_parameters())[WEIGHT].clone()
    fit_head(network, examples, 0, batch=8, processes=0)
    assert torch.equal(dict(network.named_parameters())[WEIGHT], before)


def test_examples_of_one_label_are_refused(network: FineTuned, examples: TrainingExamples) -> None:
    """A sentence says which option to change."""
    with pytest.raises(DatasetError, match="head_examples"):
        fit_head(network, examples, 1, batch=8, processes=0)
