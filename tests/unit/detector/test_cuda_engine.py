"""The CUDA engine gives the margins of the CPU, in bfloat16; run by `pytest -m cuda` on a GPU."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from detector.artifact import Artifact
from detector.engines.choice import build_engine
from detector.engines.cuda_engine import SIZES, CudaEngine, network_on
from detector.engines.torch_engine import TorchEngine
from tests.support.models import TINY_SIZE, write_tiny_model_version

GPU = torch.device("cuda")
CLOSE = 0.05  # of a margin: bfloat16 keeps eight bits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model version of random weights."""
    return write_tiny_model_version(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def engine(folder: Path) -> CudaEngine:
    """The engine, which keeps what it captured between the tests."""
    return CudaEngine(folder, Artifact.read(folder).spec, GPU)


def _pixels(count: int, seed: int = 7) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 3, TINY_SIZE, TINY_SIZE), np.uint8)


def _reference(folder: Path, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return TorchEngine(folder, Artifact.read(folder).spec, torch.device("cpu")).forward(pixels)


def test_its_network_scores_as_the_reference_does(folder: Path) -> None:
    """On the CPU too: only the rounding of bfloat16 lies between them."""
    network = network_on(folder, Artifact.read(folder).spec, torch.device("cpu"))
    with torch.inference_mode():
        margins = network(torch.from_numpy(_pixels(20))).numpy()
    assert margins == pytest.approx(_reference(folder, _pixels(20)), abs=CLOSE)


@pytest.mark.cuda
@pytest.mark.parametrize("count", [1, 3, 8, 200, 256, 257, 1000])
def test_margins_are_those_of_the_cpu(folder: Path, engine: CudaEngine, count: int) -> None:
    """Whether a batch fits a graph, is padded to one or goes in pieces."""
    pixels = _pixels(count)
    margins = engine.forward(pixels)
    assert margins.dtype == np.float32
    assert margins.shape == (count,)
    assert margins == pytest.approx(_reference(folder, pixels), abs=CLOSE)


@pytest.mark.cuda
def test_batches_in_a_row_do_not_mix(folder: Path, engine: CudaEngine) -> None:
    """The slots and graphs are used again and again, of changing sizes."""
    batches = [_pixels(count, seed) for seed, count in enumerate((600, 1, 77, 300, 2, 513))]
    for pixels in batches * 3:
        assert engine.forward(pixels) == pytest.approx(_reference(folder, pixels), abs=CLOSE)


@pytest.mark.cuda
def test_threads_may_share_the_engine(folder: Path, engine: CudaEngine) -> None:
    """Each gets the margins of its own images."""
    batches = [_pixels(40 + seed, seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(engine.forward, batches))
    for pixels, margins in zip(batches, found, strict=True):
        assert margins == pytest.approx(_reference(folder, pixels), abs=CLOSE)


@pytest.mark.cuda
def test_a_piece_that_does_not_fit_is_made_smaller(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was asked for is answered nonetheless."""
    engine = CudaEngine(folder, Artifact.read(folder).spec, GPU)
    capture = CudaEngine._capture

    def scarce(self: CudaEngine, size: int) -> object:
        if size > SIZES[-3]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return capture(self, size)

    monkeypatch.setattr(CudaEngine, "_capture", scarce)
    pixels = _pixels(500)
    assert engine.forward(pixels) == pytest.approx(_reference(folder, pixels), abs=CLOSE)


@pytest.mark.cuda
def test_a_gpu_is_taken_where_there_is_one(folder: Path) -> None:
    """Without being asked for."""
    found = build_engine(folder, Artifact.read(folder).spec)
    assert isinstance(found, CudaEngine)
    assert found.device.startswith("cuda")
