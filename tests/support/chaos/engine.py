"""A pretended model without torch: it says of an item what the item's content asks for."""

import os
import signal
import struct
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ItemError
from core.terms import ItemCode, Label
from detector.decision import Reading
from detector.explain import Heatmap
from detector.preprocess import Prepared
from tests.support.chaos.history import History
from tests.support.chaos.items import Kind, margin_of, score_of

SHAPE = (1, 3, 2, 2)
LAYOUT = "<f8x"  # an item's margin in the first bytes of its pixels


@dataclass(frozen=True)
class PretendedDetector:
    """Takes `item_s` for each item, as a device would, and notes it in the history before."""

    model_version: str
    history: History
    item_s: float
    device: str = "cpu"
    finds_faces: bool = False

    def prepare(self, data: bytes) -> Prepared:
        """Return the margin of the item as its pixels, or do what else the item asks for."""
        kind, position = data.decode().split()
        match kind:
            case Kind.KILLS:
                self.history.note("poisoned", position)
                os.kill(os.getpid(), signal.SIGKILL)
            case Kind.RAISES:
                raise RuntimeError(f"Item {position} breaks the scan.")
            case Kind.BROKEN:
                raise ItemError(ItemCode.UNDECODABLE, "The file is damaged.")
        packed = struct.pack(LAYOUT, margin_of(Kind(kind), int(position)))
        pixels = np.frombuffer(packed, np.uint8).reshape(SHAPE)
        return Prepared(pixels=pixels, width=2, height=2)

    prepare_whole = prepare

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the margins; whatever the batch is made of, each item gets its own."""
        margins = np.array([struct.unpack(LAYOUT, one.tobytes())[0] for one in pixels], np.float32)
        positions = (int(abs(margin)) - 1 for margin in margins)
        self.history.note("scored", *(f"{one} {self.model_version}" for one in positions))
        time.sleep(self.item_s * len(margins))
        return margins

    def interpret(self, margins: NDArray[np.float32]) -> list[Reading]:
        """Return the label by the margin's sign."""
        return [
            Reading(
                label=Label.FAKE if margin > 0 else Label.REAL,
                score=score_of(float(margin), self.model_version),
            )
            for margin in margins
        ]

    def explain(self, pixels: NDArray[np.uint8], *, towards_fake: bool) -> Heatmap:  # noqa: ARG002
        """Explain nothing."""
        return np.zeros((1, 1), np.float32)
