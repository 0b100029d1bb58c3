"""A registry of two tiny models, and folders of drawn images, for measuring."""

from pathlib import Path

import pytest

from tests.support.images import write_labelled_folder
from tests.support.models import write_tiny_model_version
from training.evaluation.model_under_test import ModelUnderTest


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two model versions of random weights: tiny-1 and tiny-2."""
    root = tmp_path_factory.mktemp("registry")
    for number in (1, 2):
        write_tiny_model_version(root, number=number)
    return root


@pytest.fixture(scope="session")
def model(registry: Path) -> ModelUnderTest:
    """The first of the models, on the CPU."""
    return ModelUnderTest.load("tiny-1", registry, device="cpu")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ImageFolder of 8 drawn reals and 8 drawn fakes."""
    folder = tmp_path_factory.mktemp("pictures") / "pictures"
    return write_labelled_folder(folder, per_label=8, size=(64, 56), seed=9000)
