"""The engines: the same margins from each, and converted networks that are kept."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ConfigurationError, ConversionError
from detector.artifact import Artifact
from detector.engines.choice import build_engine
from detector.engines.openvino_engine import OpenVinoEngine
from detector.engines.torch_engine import TorchEngine
from tests.support.models import TINY_SIZE, write_tiny_model_version

STARTED = """
import sys
from pathlib import Path
from detector.detector import Detector
version, cache = map(Path, sys.argv[1:])
detector = Detector.load(version, engine="openvino", device="cpu", cache=cache)
detector.warm_up()
print("imported", [n for n in ("torch", "openvino_telemetry.main") if n in sys.modules])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model version of random weights."""
    return write_tiny_model_version(tmp_path_factory.mktemp("models"))


def _pixels(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (count, 3, TINY_SIZE, TINY_SIZE), np.uint8)


def _start(folder: Path, cache: Path) -> subprocess.Popen[str]:
    """Start a process that loads the version by OpenVINO and says what it imported."""
    return subprocess.Popen(
        [sys.executable, "-c", STARTED, str(folder), str(cache)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("count", [1, 2, 7])
def test_both_engines_give_the_same_margins(folder: Path, count: int) -> None:
    """In float32 they differ by rounding alone, whatever the batch."""
    spec = Artifact.read(folder).spec
    margins = [
        build_engine(folder, spec, engine=name, device="cpu").forward(_pixels(count))
        for name in ("torch", "openvino")
    ]
    assert [one.dtype for one in margins] == [np.float32, np.float32]
    assert margins[0].shape == margins[1].shape == (count,)
    assert margins[1] == pytest.approx(margins[0], abs=1e-3)


def test_a_cpu_gets_openvino_unless_torch_is_asked_for(folder: Path) -> None:
    """Where it is installed, which the tests make sure of."""
    spec = Artifact.read(folder).spec
    assert isinstance(build_engine(folder, spec, device="cpu"), OpenVinoEngine)
    assert isinstance(build_engine(folder, spec, engine="torch", device="cpu"), TorchEngine)


def test_openvino_is_refused_for_a_gpu(folder: Path) -> None:
    """A sentence says what to set."""
    with pytest.raises(ConfigurationError, match="FAKESWEEP_DEVICE=cpu"):
        build_engine(folder, Artifact.read(folder).spec, engine="openvino", device="cuda")


def test_a_conversion_is_kept_and_found_without_torch(folder: Path, tmp_path: Path) -> None:
    """Workers that start at once make one, in a process of its own: none imports torch for it."""
    cache = tmp_path / "engines"
    first = [_start(folder, cache) for _ in range(2)]
    said = [worker.communicate(timeout=120) for worker in first]
    assert [worker.returncode for worker in first] == [0, 0], said
    assert {out.splitlines()[-1] for out, _ in said} == {"imported []"}
    (kept,) = (path for path in cache.iterdir() if path.is_dir())
    before = (kept / "model.bin").stat().st_mtime_ns
    out, _ = _start(folder, cache).communicate(timeout=120)
    assert out == "imported []\n"  # nor does anybody hear that OpenVINO is used
    assert (kept / "model.bin").stat().st_mtime_ns == before


def test_another_version_is_converted_anew(folder: Path, tmp_path: Path) -> None:
    """The fingerprint is part of the name, so no cache gives the scores of other weights."""
    other = write_tiny_model_version(tmp_path / "models", number=8)
    spec = Artifact.read(folder).spec
    cache = tmp_path / "engines"
    margins = [
        OpenVinoEngine(version, spec, cache=cache).forward(_pixels(2))
        for version in (folder, other)
    ]
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 2
    assert not np.allclose(margins[0], margins[1])


def test_a_cache_that_cannot_be_written_costs_time_alone(folder: Path, tmp_path: Path) -> None:
    """The network is converted in memory."""
    (tmp_path / "file").write_text("in the way")
    spec = Artifact.read(folder).spec
    engine = OpenVinoEngine(folder, spec, cache=tmp_path / "file" / "engines")
    assert engine.forward(_pixels(1)).shape == (1,)


def test_a_network_that_cannot_be_converted_runs_on_torch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless OpenVINO was asked for; then a sentence says why and what to set."""
    spec = Artifact.read(folder).spec
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert isinstance(build_engine(folder, spec, device="cpu"), TorchEngine)
    with pytest.raises(ConversionError, match=r"tiny-1 could not be .* FAKESWEEP_ENGINE=torch"):
        build_engine(folder, spec, engine="openvino", device="cpu")
