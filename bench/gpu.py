"""What a GPU does: forward passes, transfers, and whole images from their JPEG bytes.

    make bench-gpu

Networks have random weights, which does not change their speed. In every comparison the contenders
take turns, round by round; a figure is the median of its rounds.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import ViTConfig, ViTForImageClassification

from bench.gpu_pipeline import pipelines
from bench.gpu_sharing import sharing
from detector.engines.cuda_engine import CudaEngine, network_on
from detector.engines.torch_engine import TorchEngine
from detector.spec import PreprocessingSpec
from detector.vit import LABELS, Margin, load_vit

ROUNDS = 3
BATCHES = (1, 64, 256)
GPU = torch.device("cuda")
SPEC = PreprocessingSpec(size=224)
SMALL = {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536, "patch_size": 14}
NETWORKS: dict[str, dict[str, int]] = {
    "ViT-B/16": {"patch_size": 16},
    "ViT-S/14": SMALL,
    "ViT-S/14, lower six layers": SMALL | {"num_hidden_layers": 6},
}
GFLOP = {"ViT-B/16": 35.1}  # of an image: twice the multiplications of its matrix products

Pass = Callable[[], object]


def main() -> None:
    """Measure and write the figures down."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--network", action="append", choices=list(NETWORKS))
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--no-pipeline", action="store_true")
    given = parser.parse_args()
    found: dict[str, Any] = {"machine": _machine(), "matrix_tflops_bf16": _matrix_rate()}
    _keep(found, given.out)
    for name in given.network or NETWORKS:
        with _model(name) as folder:
            found[name] = _measure(folder, compiled=not given.no_compile)
            _keep(found, given.out)
            if name == "ViT-S/14" and not given.no_pipeline:
                found["pipeline"] = pipelines(CudaEngine(folder, SPEC, GPU), SPEC, ROUNDS)
                _keep(found, given.out)
                found["sharing"] = sharing(folder, SPEC, ROUNDS)
        _keep(found, given.out)


def _keep(found: dict[str, Any], out: Path) -> None:
    out.write_text(json.dumps(found, indent=2) + "\n")


def _measure(folder: Path, *, compiled: bool) -> dict[str, Any]:
    """Compare ways to run one network: images a second, and milliseconds for a single image."""
    plain = Margin(load_vit(folder), SPEC).eval().to(GPU)
    half = network_on(folder, SPEC, GPU)
    engines: dict[str, Any] = {
        "torch float32": TorchEngine(folder, SPEC, GPU),
        "CUDA graphs bfloat16": CudaEngine(folder, SPEC, GPU),
    }
    ways = {"eager float32": plain, "eager bfloat16": half}
    found: dict[str, Any] = {}
    if compiled:
        begun = time.perf_counter()
        engines["compiled"] = CudaEngine(folder, SPEC, GPU, compiled=True)
        engines["compiled"].forward(np.zeros((256, 3, 224, 224), np.uint8))
        found["compile_s"] = round(time.perf_counter() - begun, 1)
    found["forward_only"] = {str(batch): _forward_only(ways, engines, batch) for batch in BATCHES}
    images = np.random.default_rng(7).integers(0, 256, (1024, 3, 224, 224), np.uint8)
    found["from_memory"] = _take_turns(
        {name: lambda e=engine: e.forward(images) for name, engine in engines.items()}, len(images)
    )
    single = _take_turns(
        {name: lambda e=engine: e.forward(images[:1]) for name, engine in engines.items()}, 1
    )
    found["single_image_ms"] = {name: round(1e3 / rate, 3) for name, rate in single.items()}
    return found


@torch.inference_mode()
def _forward_only(ways: dict[str, Any], engines: dict[str, Any], batch: int) -> dict[str, float]:
    """Time passes over pixels that lie on the device already."""
    pixels = torch.randint(0, 256, (batch, 3, 224, 224), dtype=torch.uint8, device=GPU)
    passes: dict[str, Pass] = {name: lambda w=way: w(pixels) for name, way in ways.items()}
    for name, engine in engines.items():
        if isinstance(engine, CudaEngine):
            passes[name] = engine.captured(batch).graph.replay
    return _take_turns(passes, batch)


def _take_turns(passes: dict[str, Pass], images: int) -> dict[str, float]:
    """Return images a second of each pass: medians of rounds, of at least a third of a second."""
    rates: dict[str, list[float]] = {name: [] for name in passes}
    for one in passes.values():
        one()
    for _ in range(ROUNDS):
        for name, one in passes.items():
            rates[name].append(images / _seconds(one))
    return {name: round(statistics.median(found), 1) for name, found in rates.items()}


def _seconds(one: Pass, least_s: float = 0.3) -> float:
    """Return how long a pass takes, over as many as fill the time."""
    torch.cuda.synchronize()
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < least_s:
        for _ in range(4):
            one()
        torch.cuda.synchronize()
        count += 4
    return (time.perf_counter() - begun) / count


def _matrix_rate() -> float:
    """Return the bfloat16 rate of a large matrix product on random data, TFLOP/s."""
    side = 8192
    left, right = (torch.randn(side, side, dtype=torch.bfloat16, device=GPU) for _ in range(2))
    _seconds(lambda: left @ right, least_s=2)  # a device that slept has a low clock
    return round(2 * side**3 / _seconds(lambda: left @ right) / 1e12, 1)


@contextmanager
def _model(name: str) -> Iterator[Path]:
    labels = {"id2label": LABELS, "label2id": {label: index for index, label in LABELS.items()}}
    config = ViTConfig(image_size=224, **NETWORKS[name], **labels)
    with tempfile.TemporaryDirectory() as folder:
        ViTForImageClassification(config).save_pretrained(folder)
        yield Path(folder)


def _machine() -> dict[str, Any]:
    gpu = torch.cuda.get_device_properties(0)
    return {
        "gpu": gpu.name,
        "gpu_memory_gib": round(gpu.total_memory / 2**30),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


if __name__ == "__main__":
    main()
