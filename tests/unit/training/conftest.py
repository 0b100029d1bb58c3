"""A dataset of drawn images and a run on it, made once for the tests of this package."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.support.images import write_labelled_folder
from tests.support.models import write_tiny_backbone
from tests.support.runs import TINY
from training.layouts.catalogue import parse_sources
from training.prepare import Options, prepare_dataset
from training.run import Run
from training.train import train


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny networks lose more by sharing cores than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ImageFolder of 60 drawn images; a green cast marks the fakes."""
    return write_labelled_folder(tmp_path_factory.mktemp("images") / "drawn", per_label=30)


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random ViT to start from."""
    return write_tiny_backbone(tmp_path_factory.mktemp("backbones") / "tiny")


@pytest.fixture(scope="session")
def dataset(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn images, prepared."""
    folder = tmp_path_factory.mktemp("prepared") / "drawn"
    return prepare_dataset(
        parse_sources((str(drawn),)), folder, Options(faces=False, seed=1)
    ).folder


@pytest.fixture(scope="session")
def run(dataset: Path, backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two epochs on the drawn images, to the end."""
    out = tmp_path_factory.mktemp("runs") / "drawn"
    return train(TINY, dataset, str(backbone), out, resume=False)
