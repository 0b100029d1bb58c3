"""Several processes on one GPU, each with its engine and its part of the CPU's threads.

They share the images of one pass from JPEG bytes to margins, as workers share a job's shards.
"""

import multiprocessing
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import torch

from bench.gpu_pipeline import BATCH, ahead, draw_images, on_cpu
from detector.engines.cuda_engine import CudaEngine
from detector.spec import PreprocessingSpec

PROCESSES = (1, 2, 4)
IMAGES = 4096  # from JPEG bytes in a round
REPEATED = 16  # times as many from memory, which are faster
START_S = 120


def sharing(folder: Path, spec: PreprocessingSpec, rounds: int) -> dict[str, Any]:
    """Return images a second of so many processes together, and of passes alone."""
    found: dict[str, Any] = {}
    context = multiprocessing.get_context("spawn")
    for count in PROCESSES:
        barrier, results = context.Barrier(count), context.Queue()
        given = (folder, spec, rounds, IMAGES // count, count, barrier, results)
        workers = [context.Process(target=_work, args=given) for _ in range(count)]
        for worker in workers:
            worker.start()
        spans = [results.get(timeout=2 * START_S) for _ in workers]
        for worker in workers:
            worker.join()
        found[str(count)] = {
            what: round(times / statistics.median(map(max, zip(*took, strict=True))), 1)
            for what, times, took in (
                ("from_jpeg", IMAGES, [one[0] for one in spans]),
                ("from_memory", REPEATED * IMAGES, [one[1] for one in spans]),
            )
        }
    return found


def _work(
    folder: Path,
    spec: PreprocessingSpec,
    rounds: int,
    images: int,
    count: int,
    barrier: Barrier,
    results: Any,  # noqa: ANN401 - a queue of a context, which has no public type
) -> None:
    """Take part in every round, and say how many seconds each of them took."""
    engine = CudaEngine(folder, spec, torch.device("cuda"))
    drawn = draw_images()
    shown = [drawn[index % len(drawn)] for index in range(images)]
    spans: tuple[list[float], list[float]] = ([], [])
    with ThreadPoolExecutor(max(1, len(os.sched_getaffinity(0)) // count)) as threads:
        decode = partial(on_cpu, threads, spec)
        pixels = decode(shown[:BATCH])
        engine.forward(pixels)
        for _ in range(rounds):
            barrier.wait(START_S)
            begun = time.perf_counter()
            for batch in ahead(decode, shown):
                engine.forward(batch)
            spans[0].append(time.perf_counter() - begun)
            barrier.wait(START_S)
            begun = time.perf_counter()
            for _ in range(REPEATED * images // BATCH):
                engine.forward(pixels)
            spans[1].append(time.perf_counter() - begun)
    results.put(spans)
