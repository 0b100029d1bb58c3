"""The detector: bytes to readings through a model version."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ConfigurationError, ModelUnavailableError
from detector.detector import Detector
from detector.engines.torch_engine import TorchEngine, choose_device
from detector.explain.attention import AttentionExplainer
from detector.preprocess import PreprocessingSpec
from detector.vit import Margin, load_vit
from tests.support.images import jpeg_bytes
from tests.support.models import TINY_SIZE, tiny_vit, write_tiny_backbone, write_tiny_model_version

SPEC = PreprocessingSpec(size=TINY_SIZE)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    """A detector of random weights."""
    root = tmp_path_factory.mktemp("models")
    return Detector.load(write_tiny_model_version(root), device="cpu")


def test_bytes_become_readings(detector: Detector) -> None:
    """Each image gets a score in [0, 1] and the label that its calibration gives."""
    detector.warm_up()
    prepared = [detector.prepare(jpeg_bytes(seed)) for seed in range(3)]
    margins = detector.forward(np.concatenate([one.pixels for one in prepared]))
    readings = detector.interpret(margins)
    assert (margins.dtype, margins.shape) == (np.float32, (3,))
    for reading in readings:
        assert 0 <= reading.score <= 1
        assert reading.label is detector.calibration.label(reading.score)
    assert (detector.model_version, detector.device) == ("tiny-1", "cpu")


def test_a_batch_scores_as_its_images_alone(detector: Detector) -> None:
    """The company of an image does not change its margin."""
    pixels = np.concatenate([detector.prepare(jpeg_bytes(seed)).pixels for seed in range(5)])
    together = detector.forward(pixels)
    alone = np.concatenate([detector.forward(pixels[i : i + 1]) for i in range(5)])
    assert together == pytest.approx(alone, abs=1e-5)


def test_a_verdict_is_explained_whatever_the_engine(tmp_path: Path) -> None:
    """By the network itself, again and again: a heatmap for fake, and another one for real."""
    folder = write_tiny_model_version(tmp_path)
    pixels = np.random.default_rng(4).integers(0, 256, (3, TINY_SIZE, TINY_SIZE), np.uint8)
    by_openvino, by_torch = (
        Detector.load(folder, engine=engine, device="cpu", threads=1)
        for engine in ("openvino", "torch")
    )
    heats = [by_openvino.explain(pixels, towards_fake=is_fake) for is_fake in (True, False, True)]
    assert np.array_equal(heats[0], heats[2])
    assert not np.allclose(heats[0], heats[1])
    assert np.array_equal(heats[0], by_torch.explain(pixels, towards_fake=True))
    own = AttentionExplainer(folder, by_torch.spec).by_gradients(pixels, towards_fake=True)
    assert np.array_equal(heats[0], own)


def test_the_margin_follows_the_label_names() -> None:
    """Which output is fake is told by its name, not by its place."""
    vit, swapped = tiny_vit(), tiny_vit()
    swapped.config.id2label = {0: "fake", 1: "real"}
    pixels = torch.randint(0, 256, (2, 3, TINY_SIZE, TINY_SIZE), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.equal(Margin(vit, SPEC)(pixels), -Margin(swapped, SPEC)(pixels))


def test_labels_that_are_not_ours_are_refused() -> None:
    """A network that tells cats from dogs is no detector."""
    vit = tiny_vit()
    vit.config.id2label = {0: "cat", 1: "dog"}
    with pytest.raises(ModelUnavailableError, match="fake and real"):
        Margin(vit, SPEC)


def test_half_precision_weights_compute_in_full_on_a_cpu(tmp_path: Path) -> None:
    """Weights stored as float16 are widened: the CPU must not round while computing."""
    folder = write_tiny_backbone(tmp_path / "half")
    load_vit(folder).half().save_pretrained(folder)
    assert json.loads((folder / "config.json").read_bytes())["dtype"] == "float16"
    assert load_vit(folder).dtype == torch.float32
    pixels = np.full((1, 3, TINY_SIZE, TINY_SIZE), 128, np.uint8)
    margins = TorchEngine(folder, SPEC, choose_device("cpu")).forward(pixels)
    assert margins.dtype == np.float32


def test_a_backbone_with_another_head_gets_ours(tmp_path: Path) -> None:
    """A network of a thousand classes can be trained on: its head is made anew."""
    vit = tiny_vit()
    vit.num_labels = 3
    vit.config.id2label = {0: "a", 1: "b", 2: "c"}
    vit.classifier = torch.nn.Linear(16, 3)
    vit.save_pretrained(tmp_path)
    assert load_vit(tmp_path, new_head=True).config.id2label == {0: "real", 1: "fake"}


@pytest.mark.parametrize("content", [None, "{}", "not json"])
def test_what_is_no_model_is_told_in_a_sentence(tmp_path: Path, content: str | None) -> None:
    """A folder without a loadable ViT names what is missing."""
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelUnavailableError, match="No ViT could be loaded"):
        load_vit(tmp_path)


def test_a_device_that_is_not_there_is_told_in_a_sentence() -> None:
    """A wrong device setting names the setting."""
    with pytest.raises(ConfigurationError, match="FAKESWEEP_DEVICE"):
        choose_device("toaster")
