"""A model version's network as OpenVINO reads it: converted once, and kept for the next worker.

A version may bring its int8 network along, which was checked when it was published.
"""

import shutil
import sys
import tempfile
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from core.logs import get_logger
from core.registry import CHECKSUMS
from detector.engines.conversion import MODEL, convert
from detector.preprocess import PreprocessingSpec

# On import, OpenVINO reports to its makers that it is used, unless this package cannot be found.
sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
import openvino  # noqa: E402 - see above

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
        networks["float"] = converted(core, folder, spec, cache)
    if precision != "float" and (folder / INT8).exists():
        networks["int8"] = core.read_model(folder / INT8)
    return networks


def converted(
    core: openvino.Core, folder: Path, spec: PreprocessingSpec, cache: Path | None = None
) -> openvino.Model:
    """Return the float network of a folder: uint8 [n, 3, size, size] to margins, float32 [n].

    It is converted unless the cache holds it. Raises ConversionError.
    """
    if cache is None:
        return _converted_unkept(core, folder, spec)
    fingerprint = sha256((folder / CHECKSUMS).read_bytes()).hexdigest()
    kept = cache / f"{folder.name}-{fingerprint[:16]}-openvino-{version('openvino')}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):
            if not (kept / MODEL).exists():
                _keep(folder, spec, kept)
        return core.read_model(kept / MODEL)
    except OSError as error:
        log.warning("engine_not_kept", reason=str(error), folder=str(cache))
        return _converted_unkept(core, folder, spec)


def _converted_unkept(core: openvino.Core, folder: Path, spec: PreprocessingSpec) -> openvino.Model:
    with tempfile.TemporaryDirectory() as draft:
        convert(folder, spec, Path(draft))
        # Not from the file, which is mapped into memory: some systems can't remove it then.
        return core.read_model(
            model=(Path(draft) / MODEL).read_bytes(),
            weights=(Path(draft) / MODEL).with_suffix(".bin").read_bytes(),
        )


def _keep(folder: Path, spec: PreprocessingSpec, kept: Path) -> None:
    """Write the network whole or not at all."""
    log.info("engine_converting", model_version=folder.name)
    draft = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=kept.parent))
    try:
        convert(folder, spec, draft)
        draft.replace(kept)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
