"""How a forward pass runs. Every engine gives the same margins; only their speed differs."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import FakesweepError


class OutOfMemoryError(FakesweepError):
    """The batch does not fit into the device's memory; a smaller one may."""


class Engine(Protocol):
    """Runs a model's forward pass on a device."""

    device: str

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margins, float32 [n], of uint8 images [n, 3, size, size].

        Raises OutOfMemoryError when the batch is too large for the device.
        """
        ...
