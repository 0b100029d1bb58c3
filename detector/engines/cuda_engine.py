"""The CUDA engine: bfloat16, a CUDA graph for each batch size, copies beside the computing.

A batch goes to the device in pieces. While one is computed on one stream, the next is put into
pinned memory and copied on another. A piece is padded to the next size that there is a graph for;
a graph is captured when its size is first needed, and kept.
"""

import threading
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from detector.engines import OutOfMemoryError
from detector.preprocess import PreprocessingSpec
from detector.vit import Margin, load_vit

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # images of a piece
UNMASKED = "unmasked"  # the name of an attention
WARM_UPS = 3  # passes before a capture: libraries choose and allocate in them


@dataclass(frozen=True)
class CapturedPass:
    """A graph from uint8 [size, 3, s, s] to float32 [size], each always in one place."""

    graph: torch.cuda.CUDAGraph
    pixels: torch.Tensor
    margins: torch.Tensor


class _Slot:
    """Where a piece waits: in pinned memory, then on the device; there are two, in turn."""

    def __init__(self, side: int, device: torch.device) -> None:
        shape = (SIZES[-1], 3, side, side)
        self.pinned = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        self.on_device = torch.empty(shape, dtype=torch.uint8, device=device)
        self.copied = torch.cuda.Event()
        self.taken = torch.cuda.Event()


class CudaEngine:
    """Holds a model version's network on a GPU; `forward` may be called from any thread."""

    def __init__(
        self, folder: Path, spec: PreprocessingSpec, device: torch.device, *, compiled: bool = False
    ) -> None:
        """Load the network of a folder; `compiled` fuses it by torch.compile, once a process."""
        device = torch.device("cuda", device.index or 0)
        network = network_on(folder, spec, device)
        self._network = (
            torch.compile(network, dynamic=False, mode="max-autotune-no-cudagraphs")
            if compiled
            else network
        )
        self._side = spec.size
        self._device = device
        self._computing, self._copying = (torch.cuda.Stream(device) for _ in range(2))
        self._slots = [_Slot(spec.size, device) for _ in range(2)]
        self._graphs: dict[int, CapturedPass] = {}
        self._sizes = list(SIZES)
        self._pool = torch.cuda.graph_pool_handle()
        self._one_at_a_time = threading.Lock()
        self.device = str(device)

    @torch.inference_mode()
    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margins, float32 [n], of uint8 images [n, 3, size, size]."""
        with self._one_at_a_time, torch.cuda.device(self._device):
            while True:
                try:
                    return self._forward(pixels)
                except torch.OutOfMemoryError as error:
                    torch.cuda.synchronize(self._device)
                    torch.cuda.empty_cache()
                    if len(self._sizes) == 1:
                        raise OutOfMemoryError(str(error)) from error
                    self._graphs.pop(self._sizes.pop(), None)  # smaller pieces from now on

    def _forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        images = torch.from_numpy(np.ascontiguousarray(pixels))
        margins = torch.empty(len(images), dtype=torch.float32, device=self._device)
        self._computing.wait_stream(torch.cuda.current_stream())
        begun = 0
        for slot, piece in zip(cycle(self._slots), images.split(self._sizes[-1]), strict=False):
            forward = self.captured(len(piece))
            self._send(slot, piece)
            with torch.cuda.stream(self._computing):
                self._computing.wait_event(slot.copied)
                forward.pixels[: len(piece)].copy_(slot.on_device[: len(piece)])
                slot.taken.record()
                forward.graph.replay()
                margins[begun : begun + len(piece)].copy_(forward.margins[: len(piece)])
            begun += len(piece)
        self._computing.synchronize()
        return margins.cpu().numpy()

    def _send(self, slot: _Slot, piece: torch.Tensor) -> None:
        """Begin to copy a piece to the device, once the slot's earlier one has left it."""
        slot.copied.synchronize()
        slot.pinned[: len(piece)].copy_(piece)
        with torch.cuda.stream(self._copying):
            self._copying.wait_event(slot.taken)
            slot.on_device[: len(piece)].copy_(slot.pinned[: len(piece)], non_blocking=True)
            slot.copied.record()

    def captured(self, count: int) -> CapturedPass:
        """Return the pass of the smallest size that holds so many images, at most 256."""
        size = next(size for size in self._sizes if size >= count)
        if size not in self._graphs:
            self._graphs[size] = self._capture(size)
        return self._graphs[size]

    def _capture(self, size: int) -> CapturedPass:
        shape = (size, 3, self._side, self._side)
        pixels = torch.zeros(shape, dtype=torch.uint8, device=self._device)
        torch.cuda.synchronize(self._device)
        with torch.cuda.stream(self._computing):
            for _ in range(WARM_UPS):
                self._network(pixels)
        torch.cuda.synchronize(self._device)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._computing):
            margins = self._network(pixels)
        return CapturedPass(graph, pixels, margins)


def network_on(folder: Path, spec: PreprocessingSpec, device: torch.device) -> nn.Module:
    """Return the network in bfloat16, which normalizes in float32, with patches channels last."""
    network = Margin(load_vit(folder), spec).eval().requires_grad_(False).to(device)
    AttentionInterface.register(UNMASKED, _attend)
    network.vit.set_attn_implementation(UNMASKED)
    network.vit.vit.embeddings.patch_embeddings.projection.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - its stub knows devices and types only
    nn.Module.to(network.vit, torch.bfloat16)
    return network


def _attend(
    _: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *__: object,
    scaling: float | None = None,
    **___: object,
) -> tuple[torch.Tensor, None]:
    """Attend to all patches, each float [n, heads, tokens, width].

    While a graph is captured, Transformers makes a mask that hides nothing, and with one PyTorch
    computes attention in float32: the whole pass was 2.8 times slower by it.
    """
    attended = scaled_dot_product_attention(query, key, value, scale=scaling)
    return attended.transpose(1, 2).contiguous(), None
