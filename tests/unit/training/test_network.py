"""Which weights learn, and how fast; and the average that follows them."""

from pathlib import Path

import pytest
import torch

from core.errors import ConfigurationError
from detector.preprocess import PreprocessingSpec
from detector.vit import load_vit
from training.config import Adaptation
from training.loop import Average
from training.network import FineTuned, choose_weights, drop_patches, keep_layers, learning


@pytest.fixture
def network(backbone: Path) -> FineTuned:
    """A tiny network with a new head."""
    return FineTuned(load_vit(backbone, new_head=True), PreprocessingSpec(size=32))


def _choose(network: FineTuned, **given: object) -> list[dict[str, object]]:
    adaptation = Adaptation.model_validate(given)
    return choose_weights(network, adaptation, learning_rate=1.0, weight_decay=0.1)


def _bias(network: FineTuned) -> torch.Tensor:
    """Return the head's bias, which the tests of the average change and look at."""
    return dict(learning(network))["vit.classifier.bias"].data


def test_a_backbone_can_be_cut_off(network: FineTuned) -> None:
    """The lowest layers are kept as they are, and nothing computes with the others."""
    lowest = network.vit.vit.layers[0].state_dict()
    keep_layers(network.vit, 1)
    assert network.vit.config.num_hidden_layers == len(network.vit.vit.layers) == 1
    kept = network.vit.vit.layers[0].state_dict()
    assert all(torch.equal(kept[name], weight) for name, weight in lowest.items())


def test_keeping_no_number_keeps_all(network: FineTuned) -> None:
    """More than there are is refused."""
    depth = network.vit.config.num_hidden_layers
    keep_layers(network.vit, 0)
    assert len(network.vit.vit.layers) == depth > 1
    with pytest.raises(ConfigurationError, match=f"has {depth}"):
        keep_layers(network.vit, depth + 1)


def test_a_linear_probe_trains_the_head_alone(network: FineTuned) -> None:
    """Everything below is frozen."""
    _choose(network, mode="linear_probe")
    assert {name for name, _ in learning(network)} == {
        "vit.classifier.weight",
        "vit.classifier.bias",
    }


def test_layer_norm_mode_trains_every_normalization(network: FineTuned) -> None:
    """And the head; no matrix of attention or MLP."""
    _choose(network, mode="layer_norm")
    names = [name for name, _ in learning(network)]
    depth = network.vit.config.num_hidden_layers
    assert sum("layernorm" in name for name in names) == 2 * (2 * depth + 1)
    assert all("layernorm" in name or "classifier" in name for name in names)


def test_frozen_layers_do_not_learn(network: FineTuned) -> None:
    """Neither does what lies below them; what lies above does."""
    _choose(network, frozen=1)
    learn = {name for name, _ in learning(network)}
    assert not any(".layers.0." in name or ".embeddings." in name for name in learn)
    assert any(".layers.1." in name for name in learn)
    assert {"vit.vit.layernorm.weight", "vit.classifier.weight"} <= learn


def test_lower_layers_learn_slower(network: FineTuned) -> None:
    """Each layer by the decay, the embeddings slowest, the head by its own factor."""
    groups = _choose(network, layer_decay=0.5, head_factor=4)
    rates = {
        name: group["lr"]
        for group in groups
        for name, weight in network.named_parameters()
        if any(weight is one for one in group["params"])  # pyright: ignore[reportGeneralTypeIssues]
    }
    depth = network.vit.config.num_hidden_layers
    assert rates["vit.classifier.weight"] == 4
    assert rates["vit.vit.layernorm.weight"] == 1
    assert rates[f"vit.vit.layers.{depth - 1}.mlp.fc1.weight"] == 1
    assert rates["vit.vit.layers.0.mlp.fc1.weight"] == 0.5 ** (depth - 1)
    assert rates["vit.vit.embeddings.cls_token"] == 0.5**depth
    assert len(rates) == len(list(network.named_parameters()))


def test_biases_and_normalizations_are_not_decayed(network: FineTuned) -> None:
    """Weight decay is for matrices."""
    for group in _choose(network):
        matrices = {weight.ndim > 1 for weight in group["params"]}  # pyright: ignore[reportGeneralTypeIssues]
        assert matrices == {group["weight_decay"] == 0.1}


def test_the_average_follows_and_survives(network: FineTuned, tmp_path: Path) -> None:
    """It lies between old and new weights, is exchanged for a measurement, and is read back."""
    _choose(network, mode="linear_probe")
    average = Average(network, decay=0.9)
    for value in (0.0, 1.0):
        _bias(network).fill_(value)
        average.on_step_end()
    average.exchange()
    mean = _bias(network).clone()
    assert ((mean > 0) & (mean < 1)).all()
    average.exchange()
    assert _bias(network).tolist() == [1.0, 1.0]

    average.save(tmp_path)
    again = Average(network, decay=0.9)
    again.load(tmp_path)
    again.exchange()
    assert torch.equal(_bias(network), mean)


def test_without_a_decay_nothing_is_kept(network: FineTuned, tmp_path: Path) -> None:
    """The learning weights are measured and written, and no other file."""
    average = Average(network, decay=0)
    before = _bias(network).clone()
    average.on_step_end()
    average.exchange()
    average.save(tmp_path)
    assert torch.equal(_bias(network), before)
    assert not list(tmp_path.iterdir())


def test_dropped_patches_are_each_images_own() -> None:
    """The class token and the order stay; other images and other draws keep other patches."""
    tokens = torch.arange(2 * 101, dtype=torch.float32).reshape(2, 101, 1)
    torch.manual_seed(7)
    first, again = drop_patches(tokens, 0.4), drop_patches(tokens, 0.4)
    assert first.shape == (2, 1 + 60, 1)
    assert torch.equal(first[:, 0], tokens[:, 0])
    assert (first[:, 1:].diff(dim=1) > 0).all()
    assert not torch.equal(first[0], first[1] - 101)
    assert not torch.equal(first, again)
    assert drop_patches(tokens, 0.999).shape == (2, 2, 1)


def test_patches_are_dropped_in_training_only(backbone: Path) -> None:
    """What is measured and published sees whole pictures."""
    plain = FineTuned(load_vit(backbone, new_head=True), PreprocessingSpec(size=32))
    dropping = FineTuned(plain.vit, PreprocessingSpec(size=32), 0.5)
    given = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8), torch.tensor([0, 1])
    torch.manual_seed(7)
    with torch.no_grad():
        measured = [dropping.eval()(*given)["logits"] for _ in range(2)]
        trained = [dropping.train()(*given)["logits"] for _ in range(2)]
    assert torch.equal(*measured)
    assert not torch.equal(*trained)
