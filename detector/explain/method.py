"""The way in which heatmaps of verdicts are made: exchange it here, and nowhere else."""

from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.explain import Heatmap
from detector.preprocess import PreprocessingSpec


class Explains(Protocol):
    """What makes heatmaps by gradients: `detector.explain.attention.AttentionExplainer`."""

    def by_gradients(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:
        """Return the heatmap of a square for one verdict."""
        ...


class Method:
    """Gradient-weighted attention of one model version; may be asked from any thread.

    It needs torch and a copy of the network on the CPU, whatever the engine. Few verdicts are
    looked at, so neither is there before the first of them.
    """

    def __init__(self, folder: Path, spec: PreprocessingSpec, *, threads: int = 0) -> None:
        """Keep where the network is; `threads` of the CPU, 0 leaves that to torch."""
        self._folder = folder
        self._spec = spec
        self._threads = threads
        self._explainer: Explains | None = None
        self._lock = Lock()

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:
        """Return the heatmap, float32 [rows, columns], of a square, uint8 [3, size, size].

        It is for one verdict: what speaks for fake, or for real. Raises ModelUnavailableError.
        """
        with self._lock:
            if self._explainer is None:
                self._explainer = self._load()
            return self._explainer.by_gradients(pixels, towards_fake=towards_fake)

    def _load(self) -> Explains:
        import torch  # noqa: PLC0415 - see the class

        from detector.explain.attention import AttentionExplainer  # noqa: PLC0415 - likewise

        if self._threads:
            torch.set_num_threads(self._threads)
        return AttentionExplainer(self._folder, self._spec)
