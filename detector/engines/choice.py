"""Which engine and which device a model version runs on."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from core.errors import ConfigurationError, ConversionError
from core.logs import get_logger
from detector.engines import Engine
from detector.preprocess import PreprocessingSpec

log = get_logger(__name__)


def build_engine(
    folder: Path,
    spec: PreprocessingSpec,
    *,
    engine: str = "auto",
    device: str = "auto",
    threads: int = 0,
    cache: Path | None = None,
) -> Engine:
    """Load a version's network onto a device.

    `engine` is torch, openvino or auto: OpenVINO on a CPU where it is installed and can convert the
    network, captured passes on an NVIDIA GPU, else torch.
    `threads` 0 takes all cores; converted networks are kept in `cache`. What is not used is not
    imported. Raises ConfigurationError for what this machine does not have.
    """
    on_cpu = device == "cpu" or (device == "auto" and not _may_have_gpu())
    has_openvino = find_spec("openvino") is not None
    if engine == "openvino" and not (on_cpu and has_openvino):
        raise ConfigurationError(
            "FAKESWEEP_ENGINE=openvino needs FAKESWEEP_DEVICE=cpu, and the package openvino "
            "(pip install 'fakesweep[openvino]'); correct these, or set the engine to auto."
        )
    if on_cpu and has_openvino and engine != "torch":
        from detector.engines.openvino_engine import OpenVinoEngine  # noqa: PLC0415 - see above

        try:
            return OpenVinoEngine(folder, spec, threads=threads, cache=cache)
        except ConversionError as error:
            if engine == "openvino":
                raise
            log.warning("engine_not_converted", reason=str(error))
    from detector.engines.torch_engine import TorchEngine, choose_device  # noqa: PLC0415

    chosen = choose_device(device)
    if chosen.type == "cuda":
        from detector.engines.cuda_engine import CudaEngine  # noqa: PLC0415 - likewise

        return CudaEngine(folder, spec, chosen)
    return TorchEngine(folder, spec, chosen, threads=threads)


def _may_have_gpu() -> bool:
    """Return whether torch finds a GPU; a build for CPUs alone needs no import to tell."""
    try:
        if version("torch").endswith("+cpu"):
            return False
    except PackageNotFoundError:
        return False
    import torch  # noqa: PLC0415 - see build_engine

    return torch.cuda.is_available()
