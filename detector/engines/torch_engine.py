"""The PyTorch engine: float32, on the CPU or another device; for NVIDIA's see `cuda_engine`."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import ConfigurationError
from detector.engines import OutOfMemoryError
from detector.preprocess import PreprocessingSpec
from detector.vit import Margin, load_vit


def choose_device(wanted: str) -> torch.device:
    """Return the device that a setting names; `auto` takes a GPU where there is one.

    Raises ConfigurationError for a name that is no device, or a device that is not there.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigurationError(
            f"The device {wanted} cannot be used ({str(error).splitlines()[0]}); "
            "set FAKESWEEP_DEVICE to auto, cpu or a device of this machine."
        ) from error
    return device


class TorchEngine:
    """Holds a model version's network on a device."""

    def __init__(
        self, folder: Path, spec: PreprocessingSpec, device: torch.device, *, threads: int = 0
    ) -> None:
        """Load the network of a folder; `threads` of a CPU, 0 leaves that to torch."""
        if threads:
            torch.set_num_threads(threads)
        self._network = Margin(load_vit(folder), spec).eval().to(device)
        self._device = device
        self.device = str(device)

    @torch.inference_mode()
    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margins, float32 [n], of uint8 images [n, 3, size, size]."""
        try:
            batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device)
            return self._network(batch).cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise OutOfMemoryError(str(error)) from error
        except RuntimeError as error:
            if "alloc" in str(error).lower():  # how the CPU allocator says it
                raise OutOfMemoryError(str(error)) from error
            raise
