"""Heatmaps: they peak at what the score depends on, and are made for one verdict."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from detector.early_head import SILENT, with_early_head
from detector.engines.torch_engine import TorchEngine
from detector.explain import Heatmap, scaled
from detector.explain.attention import AttentionExplainer, _accumulate, _roll_out
from detector.explain.occlusion import PARTS, occlusion
from detector.preprocess import PreprocessingSpec
from tests.support.models import TINY_SIZE, tiny_vit, write_tiny_backbone

SPEC = PreprocessingSpec(size=TINY_SIZE)


class CornerEngine:
    """Finds an image the more fake, the brighter the upper left quarter is."""

    device = "cpu"

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the mean of that quarter around the middle of the scale."""
        half = pixels.shape[-1] // 2
        return pixels[:, :, :half, :half].mean(axis=(1, 2, 3)).astype(np.float32) - 128


@pytest.fixture
def explainer(tmp_path: Path) -> AttentionExplainer:
    """One of random weights."""
    return AttentionExplainer(write_tiny_backbone(tmp_path / "tiny"), SPEC)


def _square() -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (3, TINY_SIZE, TINY_SIZE), np.uint8)


def test_occlusion_shows_where_the_score_comes_from() -> None:
    """Hiding the bright quarter costs the verdict; hiding anything else changes nothing."""
    pixels = np.zeros((3, 56, 56), np.uint8)
    pixels[:, :28, :28] = 255
    heat = occlusion(CornerEngine(), pixels, towards_fake=True)
    assert (heat.dtype, heat.shape, heat.max()) == (np.float32, (PARTS, PARTS), 1)
    assert (heat[:7, :7] > 0).all()
    assert (heat[8:] == 0).all()
    assert (heat[:, 8:] == 0).all()


def test_occlusion_is_for_the_verdict_that_was_given() -> None:
    """What speaks for fake is nothing that speaks for real."""
    pixels = np.full((3, 56, 56), 200, np.uint8)
    pixels[:, :28, :28] = 20  # dark: it speaks for real
    assert occlusion(CornerEngine(), pixels, towards_fake=True).max() == 0
    assert occlusion(CornerEngine(), pixels, towards_fake=False)[:7, :7].min() > 0


def test_attention_gives_a_cell_for_each_patch(explainer: AttentionExplainer) -> None:
    """From 0 to 1, whatever way it is weighted."""
    for heat in (
        explainer.rollout(_square()),
        explainer.by_gradients(_square(), towards_fake=True),
        explainer.by_gradients(_square(), towards_fake=False),
    ):
        assert heat.dtype == np.float32
        assert heat.shape[0] == heat.shape[1] > 1
        assert 0 == heat.min() < heat.max() == 1


def test_gradients_tell_the_verdicts_apart(explainer: AttentionExplainer) -> None:
    """Rollout cannot: it knows nothing of the head."""
    fake = explainer.by_gradients(_square(), towards_fake=True)
    real = explainer.by_gradients(_square(), towards_fake=False)
    assert not np.allclose(fake, real)


def _read_twice(folder: Path, *, bias: float, last: float = 1.0) -> Heatmap:
    """Return the heatmap for fake of a network with an early head; `last` is the last one's part.

    The higher the bias, the more the early head has to say.
    """
    vit = with_early_head(tiny_vit(), 1)
    torch.manual_seed(4)
    torch.nn.init.normal_(vit.early_classifier.weight)
    torch.nn.init.constant_(vit.early_classifier.bias, bias)
    with torch.no_grad():
        vit.get_parameter("classifier.weight").mul_(last)
    vit.save_pretrained(folder)
    return AttentionExplainer(folder, SPEC).by_gradients(_square(), towards_fake=True)


def test_gradients_go_through_both_heads(explainer: AttentionExplainer, tmp_path: Path) -> None:
    """Whichever decides the margin is what is explained."""
    silent = _read_twice(tmp_path / "silent", bias=SILENT)
    assert np.allclose(silent, explainer.by_gradients(_square(), towards_fake=True))
    alone = _read_twice(tmp_path / "alone", bias=-SILENT)
    assert np.allclose(alone, _read_twice(tmp_path / "alone-still", bias=-SILENT, last=-1))
    assert not np.allclose(alone, silent)
    both = _read_twice(tmp_path / "both", bias=0)
    assert not np.allclose(both, silent)
    assert not np.allclose(both, alone)


def test_the_margin_that_is_explained_is_the_one_that_is_served(tmp_path: Path) -> None:
    """Of both heads, without the kernels that keep no attention."""
    folder = tmp_path / "twice"
    _read_twice(folder, bias=0)
    served = TorchEngine(folder, SPEC, torch.device("cpu")).forward(_square()[np.newaxis])
    attentions, margin = AttentionExplainer(folder, SPEC)._attend(_square())
    assert len(attentions) == 2
    assert np.allclose(margin.detach().numpy(), served, atol=1e-5)


def test_rollout_is_a_way_through_all_layers() -> None:
    """Each row is a distribution over tokens, with half of each layer passed by."""
    layers = [torch.softmax(torch.randn(5, 5), -1) for _ in range(3)]
    total = _roll_out(layers)
    assert torch.allclose(total.sum(-1), torch.ones(5), atol=1e-6)
    assert torch.allclose(_roll_out([torch.eye(5)] * 4), torch.eye(5))


def test_layers_without_relevance_change_nothing() -> None:
    """Attention that does nothing for the verdict adds nothing to the map."""
    some = torch.rand(4, 4)
    assert torch.equal(_accumulate([some, torch.zeros(4, 4)]), _accumulate([some]))


def test_a_map_of_nothing_stays_so() -> None:
    """No division by zero where nothing speaks for a verdict."""
    assert scaled(np.array([[-1.0, 0.0]])).tolist() == [[0, 0]]
