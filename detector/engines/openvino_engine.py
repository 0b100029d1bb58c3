"""The OpenVINO engine: the fastest on a CPU, and one that starts without importing torch."""

import time
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from core.logs import get_logger
from detector.engines import OutOfMemoryError
from detector.engines.openvino_models import openvino, read_networks
from detector.preprocess import PreprocessingSpec

BF16 = "BF16"  # among what a CPU says it can do natively
TRIED_IMAGES = 2
ROUNDS = 2  # the quicker one counts: the first pays for what is made once

log = get_logger(__name__)


class OpenVinoEngine:
    """Holds a model version's network, compiled for this CPU.

    It computes in bfloat16 where the CPU does so natively, else in float32; in int8 where the
    version brings that along and this CPU is faster by it, which not every one is.
    """

    device = "cpu"

    def __init__(
        self,
        folder: Path,
        spec: PreprocessingSpec,
        *,
        threads: int = 0,
        cache: Path | None = None,
        precision: str | None = None,
    ) -> None:
        """Load the network of a version's folder, and convert it first if need be.

        `threads` 0 takes all cores; without a `cache`, the conversion is not kept. `precision`,
        float or int8, is the fastest of those that there are unless it is named.
        """
        core = openvino.Core()
        native = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        options = {
            "PERFORMANCE_HINT": "LATENCY",  # batches are formed before they come here
            "INFERENCE_PRECISION_HINT": "bf16" if BF16 in native else "f32",
            "ENABLE_CPU_PINNING": False,  # several workers share the cores
            **({"INFERENCE_NUM_THREADS": threads} if threads else {}),
        }
        networks = read_networks(core, folder, spec, cache, precision)
        requests = {
            precision: core.compile_model(network, "CPU", options).create_infer_request()
            for precision, network in networks.items()
        }
        self.precision, self._request = _fastest(requests, spec.size)
        self._lock = Lock()  # a request is for one thread at a time

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margins, float32 [n], of uint8 images [n, 3, size, size]."""
        try:
            with self._lock:
                found = self._request.infer([np.ascontiguousarray(pixels)], share_inputs=True)
                return np.array(found[0], np.float32)
        except RuntimeError as error:
            if "alloc" in str(error).lower():
                raise OutOfMemoryError(str(error)) from error
            raise


def _fastest(
    requests: dict[str, openvino.InferRequest], size: int
) -> tuple[str, openvino.InferRequest]:
    """Return the precision that this CPU is fastest with, and its request."""
    if len(requests) == 1:
        return next(iter(requests.items()))
    blank = np.zeros((TRIED_IMAGES, 3, size, size), np.uint8)
    took_s = {
        precision: min(_time(request, blank) for _ in range(ROUNDS))
        for precision, request in requests.items()
    }
    best = min(took_s, key=lambda precision: took_s[precision])
    log.info("precision_chosen", precision=best, seconds=took_s)
    return best, requests[best]


def _time(request: openvino.InferRequest, pixels: NDArray[np.uint8]) -> float:
    begun = time.perf_counter()
    request.infer([pixels])
    return time.perf_counter() - begun
