"""A model version's network as OpenVINO reads it: converted once, and kept for the next worker.

A version may bring its int8 network along, which was checked when it was published.
"""

import shutil
import sys
import tempfile
import warnings
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from core.logs import get_logger
from core.registry import CHECKSUMS
from detector.preprocess import PreprocessingSpec

# On import, OpenVINO reports to its makers that it is used, unless this package cannot be found.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
import openvino  # noqa: E402 - see above

MODEL = "model.xml"
INT8 = "openvino-int8.xml"

log = get_logger(__name__)


def read_networks(
    core: openvino.Core,
    folder: Path,
    spec: PreprocessingSpec,
    cache: Path | None,
    precision: str | None = None,
) -> dict[str, openvino.Model]:
    """Return the networks of a version's folder by their precision: float, and int8 if it has one.

    With `precision`, only that one. The one in float is converted first if the cache does not
    hold it; several processes may ask at once.
    """
    networks: dict[str, openvino.Model] = {}
    if precision != "int8":
        networks["float"] = _converted(core, folder, spec, cache)
    if precision != "float" and (folder / INT8).exists():
        networks["int8"] = core.read_model(folder / INT8)
    return networks


def convert(folder: Path, spec: PreprocessingSpec) -> openvino.Model:
    """Return the network of a folder: uint8 [n, 3, size, size] to margins, float32 [n]."""
    import torch  # noqa: PLC0415 - only to convert: a worker that finds it done starts without

    from detector.vit import Margin, load_vit  # noqa: PLC0415 - likewise

    log.info("engine_converting", model_version=folder.name)
    example = torch.zeros(2, 3, spec.size, spec.size, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of tracing: that sizes become constants is meant so
        network = Margin(load_vit(folder), spec).eval()
        model = openvino.convert_model(network, example_input=example)
    model.reshape([-1, 3, spec.size, spec.size])
    return model


def _converted(
    core: openvino.Core, folder: Path, spec: PreprocessingSpec, cache: Path | None
) -> openvino.Model:
    if cache is None:
        return convert(folder, spec)
    fingerprint = sha256((folder / CHECKSUMS).read_bytes()).hexdigest()
    kept = cache / f"{folder.name}-{fingerprint[:16]}-openvino-{version('openvino')}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):
            if not (kept / MODEL).exists():
                _keep(convert(folder, spec), kept)
        return core.read_model(kept / MODEL)
    except OSError as error:
        log.warning("engine_not_kept", reason=str(error), folder=str(cache))
        return convert(folder, spec)


def _keep(model: openvino.Model, kept: Path) -> None:
    """Write the network whole or not at all."""
    draft = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=kept.parent))
    try:
        openvino.save_model(model, draft / MODEL, compress_to_fp16=False)
        draft.replace(kept)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
