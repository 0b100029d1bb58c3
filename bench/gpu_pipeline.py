"""Whole images on a GPU: from the bytes of JPEG files of 1,024 pixels to margins.

Who decodes differs: threads of the CPU, as the workers do it, or the GPU. Each decodes ahead of
the passes, which take 256 images.
"""

import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from detector.engines.cuda_engine import CudaEngine
from detector.preprocess import DecodeLimits, prepare
from detector.spec import PreprocessingSpec
from tests.support.images import photo_like

SIDE = 1024
QUALITY = 90
DRAWN = 32
IMAGES = 4096
BATCH = 256
AHEAD = 2  # batches

Images = list[bytes]
Run = Callable[[Images], Iterator[object]]


def pipelines(engine: CudaEngine, spec: PreprocessingSpec, rounds: int) -> dict[str, Any]:
    """Return images a second of each way, end to end and decoding alone, and what bounds it."""
    images = draw_images()
    cores = len(os.sched_getaffinity(0))
    decoders: dict[str, Callable[[Images], Any]] = {}
    threads = ThreadPoolExecutor(cores)
    for name in ("exact", "fast"):
        by_cpu = partial(on_cpu, threads, replace(spec, decode=name))
        decoders[f"CPU, {cores} threads, {name}"] = by_cpu
    if find_spec("torchvision"):
        decoders["GPU, torchvision"] = partial(_by_torchvision, spec.size)
    if find_spec("nvidia.nvimgcodec"):
        decoders["GPU, nvImageCodec"] = _nvimgcodec(spec.size)
    failed = {}
    for name, decode in list(decoders.items()):
        try:
            decode(images[:BATCH])
        except Exception as error:  # one that does not run is left out
            failed[name] = repr(error)[:300]
            del decoders[name]
    found: dict[str, Any] = {name: {"decode": [], "end_to_end": []} for name in decoders}
    for _ in range(rounds):
        for name, decode in decoders.items():
            for what, consume in (("decode", _wait), ("end_to_end", partial(_score, engine))):
                begun = time.perf_counter()
                for decoded in ahead(decode, images):
                    consume(decoded)
                torch.cuda.synchronize()
                found[name][what].append(len(images) / (time.perf_counter() - begun))
    figures = {
        name: {what: round(statistics.median(rates), 1) for what, rates in one.items()}
        for name, one in found.items()
    }
    return {"jpeg_side": SIDE, "images": len(images), "cores": cores, **figures, "failed": failed}


def draw_images() -> Images:
    """Return the bytes of JPEG files, some of them again and again."""
    drawn = []
    for seed in range(DRAWN):
        buffer = io.BytesIO()
        photo_like(seed, (SIDE, SIDE)).save(buffer, "JPEG", quality=QUALITY)
        drawn.append(buffer.getvalue())
    return [drawn[index % DRAWN] for index in range(IMAGES)]


def ahead(decode: Callable[[Images], Any], images: Images) -> Iterator[Any]:
    """Yield decoded batches, of which some more are begun than are taken."""
    with ThreadPoolExecutor(1) as thread:
        batches = [
            list(some) for some in (images[at : at + BATCH] for at in range(0, len(images), BATCH))
        ]
        futures = [thread.submit(decode, some) for some in batches[:AHEAD]]
        for index in range(len(batches)):
            yield futures[index].result()
            if len(futures) < len(batches):
                futures.append(thread.submit(decode, batches[len(futures)]))


def on_cpu(threads: ThreadPoolExecutor, spec: PreprocessingSpec, images: Images) -> Any:  # noqa: ANN401
    """Return uint8 [n, 3, s, s] of as many images, decoded by threads."""
    limits = DecodeLimits()
    return np.concatenate(
        [one.pixels for one in threads.map(lambda d: prepare(d, spec, limits), images)]
    )


def _by_torchvision(side: int, images: Images) -> torch.Tensor:
    torchvision = import_module("torchvision.io")

    encoded = [torch.frombuffer(bytearray(data), dtype=torch.uint8) for data in images]
    decoded = torchvision.decode_jpeg(encoded, mode=torchvision.ImageReadMode.RGB, device="cuda")
    return _resized(list(decoded), side)


def _nvimgcodec(side: int) -> Callable[[Images], torch.Tensor]:
    nvimgcodec = import_module("nvidia.nvimgcodec")

    decoder = nvimgcodec.Decoder()

    def decode(images: Images) -> torch.Tensor:
        decoded = [torch.as_tensor(one, device="cuda") for one in decoder.decode(images)]
        return _resized([one.permute(2, 0, 1) for one in decoded], side)

    return decode


def _resized(images: list[torch.Tensor], side: int) -> torch.Tensor:
    """Return uint8 [n, 3, side, side] of squares, uint8 [3, s, s] of one size."""
    large = torch.stack(images).float()
    small = interpolate(large, (side, side), mode="bilinear", antialias=True)
    done = small.round_().clamp_(0, 255).byte()
    torch.cuda.current_stream().synchronize()
    return done


def _score(engine: CudaEngine, pixels: Any) -> None:  # noqa: ANN401
    if isinstance(pixels, np.ndarray):
        engine.forward(pixels)
        return
    forward = engine.captured(len(pixels))
    forward.pixels.copy_(pixels)
    forward.graph.replay()
    forward.margins.cpu()


def _wait(_: object) -> None:
    """Take a batch and do nothing with it."""
