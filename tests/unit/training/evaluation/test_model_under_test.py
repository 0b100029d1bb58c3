"""The model that is measured: a run, a folder of a version, or an id of the registry."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ConfigurationError, ModelUnavailableError
from tests.support.models import write_tiny_model_version
from training.evaluation.model_under_test import UNCALIBRATED, ModelUnderTest
from training.run import Run


def test_a_version_is_loaded_by_its_id_and_by_its_folder(registry: Path) -> None:
    """Both name the same model, with its calibration."""
    by_id = ModelUnderTest.load("tiny-1", registry, device="cpu")
    by_folder = ModelUnderTest.load(str(registry / "tiny-1"), Path("nowhere"), device="cpu")
    pixels = np.full((1, 3, 32, 32), 90, np.uint8)
    assert by_id.name == by_folder.name == "tiny-1"
    assert by_id.is_calibrated
    assert by_id.calibration.band_low == 0.45
    assert np.array_equal(by_id.engine.forward(pixels), by_folder.engine.forward(pixels))


def test_a_run_has_no_calibration_yet(run: Run) -> None:
    """What is not published is measured at a temperature of 1 and a threshold of one half."""
    loaded = ModelUnderTest.load(str(run.folder), Path("nowhere"), device="cpu")
    assert not loaded.is_calibrated
    assert loaded.calibration == UNCALIBRATED


def test_faces_can_be_turned_off(tmp_path: Path) -> None:
    """A model of faces scores them, unless it is told to score whole images."""
    write_tiny_model_version(tmp_path, faces="on")
    scored = [
        ModelUnderTest.load("tiny-1", tmp_path, faces=faces, device="cpu").spec.faces
        for faces in ("auto", "off")
    ]
    assert scored == ["on", "off"]


@pytest.mark.parametrize("name", ["tiny-9", "no such model", "/nowhere/at-1"])
def test_what_is_no_model_is_told(registry: Path, name: str) -> None:
    """A wrong name says what could have been named."""
    with pytest.raises(ModelUnavailableError, match="neither the folder of a run"):
        ModelUnderTest.load(name, registry, device="cpu")


def test_a_device_that_is_not_there_is_told(registry: Path) -> None:
    """The sentence names the device."""
    with pytest.raises(ConfigurationError, match="cuda:77"):
        ModelUnderTest.load("tiny-1", registry, device="cuda:77")


def test_the_network_for_gradients_gives_the_engine_s_margins(model: ModelUnderTest) -> None:
    """Floating pixels give what uint8 ones give, and only the pixels have a gradient."""
    pixels = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    network = model.network()
    leaf = pixels.float().requires_grad_()
    margins = network(leaf)
    margins.sum().backward()
    expected = model.engine.forward(pixels.numpy())
    assert margins.detach().numpy() == pytest.approx(expected, abs=1e-5)
    assert leaf.grad is not None
    assert all(weight.grad is None for weight in network.parameters())
