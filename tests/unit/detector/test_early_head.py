"""A ViT that is read twice: either head says fake, however it is run."""

from pathlib import Path
from threading import Thread

import pytest
import torch
from transformers import ViTForImageClassification

from core.errors import ConfigurationError
from detector.early_head import EarlyHeadViT, with_early_head
from detector.vit import load_vit
from tests.support.models import write_tiny_backbone

Pictures = torch.Tensor


@pytest.fixture
def plain(tmp_path: Path) -> ViTForImageClassification:
    """A tiny network with one head."""
    return load_vit(write_tiny_backbone(tmp_path / "tiny"), new_head=True).eval()


@pytest.fixture
def twice(plain: ViTForImageClassification) -> EarlyHeadViT:
    """The same, and a second head after its first layer."""
    network = with_early_head(plain, 1)
    torch.manual_seed(3)
    torch.nn.init.normal_(network.early_classifier.weight)
    torch.nn.init.zeros_(network.early_classifier.bias)
    return network


@pytest.fixture
def pictures() -> Pictures:
    """Noise of the size that the network takes, float32 [4, 3, size, size]."""
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(5))


def test_a_new_head_says_nothing_yet(plain: ViTForImageClassification, pictures: Pictures) -> None:
    """What is added is nothing."""
    with torch.inference_mode():
        logits = with_early_head(plain, 1)(pictures).logits
        assert torch.equal(logits, plain(pixel_values=pictures).logits)


@pytest.mark.parametrize("names", [("real", "fake"), ("fake", "real")])
def test_either_head_says_fake(
    plain: ViTForImageClassification, pictures: Pictures, names: tuple[str, str]
) -> None:
    """The margin is log(exp(m) + exp(e)); e is read off the class token behind the early layer."""
    plain.config.id2label = dict(enumerate(names))
    plain.config.label2id = {name: place for place, name in enumerate(names)}
    network = with_early_head(plain, 1)
    torch.nn.init.normal_(network.early_classifier.weight)
    fake, real = names.index("fake"), names.index("real")
    with torch.inference_mode():
        alone = plain(pixel_values=pictures, output_hidden_states=True)
        for bias in (-100.0, 0.0, 100.0):
            torch.nn.init.constant_(network.early_classifier.bias, bias)
            early = network.early_classifier(alone.hidden_states[1][:, 0])[:, 0]
            logits = network(pictures).logits
            last = alone.logits[:, fake] - alone.logits[:, real]
            assert torch.allclose(
                logits[:, fake] - logits[:, real], torch.logaddexp(last, early), atol=1e-5
            )


def test_it_comes_back_as_it_was_saved(
    twice: EarlyHeadViT, pictures: Pictures, tmp_path: Path
) -> None:
    """Its configuration says that there are two heads; without, a ViT is a ViT."""
    twice.half().save_pretrained(tmp_path / "twice")
    loaded = load_vit(tmp_path / "twice").eval()
    assert isinstance(loaded, EarlyHeadViT)
    with torch.inference_mode():
        assert torch.equal(loaded(pictures).logits, twice.float()(pictures).logits)


def test_threads_may_share_it(twice: EarlyHeadViT, pictures: Pictures) -> None:
    """Each forward pass reads its own class tokens."""
    alone = [twice(picture[None]).logits.detach() for picture in pictures]
    wrong: list[int] = []

    def look(place: int) -> None:
        for _ in range(20):
            if not torch.allclose(twice(pictures[place][None]).logits, alone[place], atol=1e-6):
                wrong.append(place)

    threads = [Thread(target=look, args=(place,)) for place in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_cannot_be_is_a_sentence(
    plain: ViTForImageClassification, twice: EarlyHeadViT
) -> None:
    """A layer that is not below the last one, and a third head."""
    depth = plain.config.num_hidden_layers
    for layer in (0, depth, depth + 1):
        with pytest.raises(ConfigurationError, match=f"layers 1 to {depth - 1}"):
            with_early_head(plain, layer)
    with pytest.raises(ConfigurationError, match="already"):
        with_early_head(twice, 1)
