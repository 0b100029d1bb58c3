"""The OpenVINO engine: the fastest on a CPU, and one that starts without importing torch.

A model version is converted once and kept under its fingerprint, so that the next worker reads it.
"""

import shutil
import sys
import tempfile
import warnings
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.logs import get_logger
from core.registry import CHECKSUMS
from detector.engines import OutOfMemoryError
from detector.preprocess import PreprocessingSpec

# On import, OpenVINO reports to its makers that it is used, unless this package cannot be found.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
import openvino  # noqa: E402 - see above

MODEL = "model.xml"
BF16 = "BF16"  # among what a CPU says it can do natively

log = get_logger(__name__)


class OpenVinoEngine:
    """Holds a model version's network, compiled for this CPU.

    It computes in bfloat16 where the CPU does so natively, else in float32.
    """

    device = "cpu"

    def __init__(
        self, folder: Path, spec: PreprocessingSpec, *, threads: int = 0, cache: Path | None = None
    ) -> None:
        """Load the converted network of a version's folder, and convert it first if need be.

        `threads` 0 takes all cores; without a `cache`, the conversion is not kept.
        """
        core = openvino.Core()
        native = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        options = {
            "PERFORMANCE_HINT": "LATENCY",  # batches are formed before they come here
            "INFERENCE_PRECISION_HINT": "bf16" if BF16 in native else "f32",
            "ENABLE_CPU_PINNING": False,  # several workers share the cores
            **({"INFERENCE_NUM_THREADS": threads} if threads else {}),
        }
        self._request = core.compile_model(
            _converted(core, folder, spec, cache), "CPU", options
        ).create_infer_request()
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


def _converted(
    core: openvino.Core, folder: Path, spec: PreprocessingSpec, cache: Path | None
) -> openvino.Model:
    """Return the network, from the cache if it is there; several processes may ask at once."""
    if cache is None:
        return _convert(folder, spec)
    fingerprint = sha256((folder / CHECKSUMS).read_bytes()).hexdigest()
    kept = cache / f"{folder.name}-{fingerprint[:16]}-openvino-{version('openvino')}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):
            if not (kept / MODEL).exists():
                _keep(_convert(folder, spec), kept)
        return core.read_model(kept / MODEL)
    except OSError as error:
        log.warning("engine_not_kept", reason=str(error), folder=str(cache))
        return _convert(folder, spec)


def _convert(folder: Path, spec: PreprocessingSpec) -> openvino.Model:
    import torch  # noqa: PLC0415 - only to convert: a worker that finds it done starts without

    from detector.vit import Margin, load_vit  # noqa: PLC0415 - likewise

    log.info("engine_converting", model_version=folder.name)
    example = torch.zeros(2, 3, spec.size, spec.size, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what torch itself calls
        network = Margin(load_vit(folder), spec).eval()
        any_count = {"pixels": {0: torch.export.Dim.DYNAMIC}}
        program = torch.export.export(network, (example,), dynamic_shapes=any_count)
        model = openvino.convert_model(program)
    model.reshape([-1, 3, spec.size, spec.size])
    return model


def _keep(model: openvino.Model, kept: Path) -> None:
    """Write the network whole or not at all."""
    draft = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=kept.parent))
    try:
        openvino.save_model(model, draft / MODEL, compress_to_fp16=False)
        draft.replace(kept)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
