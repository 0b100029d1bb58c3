"""One item on its way through a worker: its verdict so far, and the image until that is scored."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ItemError
from core.sources import SourceItem
from core.terms import ItemCode, Outcome
from db.models import Verdict
from db.verdicts import NewVerdict
from detector.decision import Reading, of_image
from detector.faces import NoScorableFaceError
from detector.preprocess import Prepared
from workers.faces import told
from workers.inflight import Flight


@dataclass
class Item:
    """An item of a shard in hand, at its `position` in the job; `verdict` tells how it ended.

    `flight`, which it leads or follows, is of `workers.inflight`.
    """

    position: int
    source: SourceItem
    verdict: NewVerdict | None = None
    content: bytes | None = None
    sha256: bytes = b""  # the digest of the item's bytes, once they were fetched
    prepared: Prepared | None = None
    flight: Flight | None = None
    leads: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether it is known how the item ended."""
        return self.verdict is not None

    def take(self, content: bytes) -> None:
        """Keep the item's bytes, and note their digest."""
        self.content, self.sha256 = content, hashlib.sha256(content).digest()

    def fail(self, error: ItemError) -> None:
        """End the item without a score."""
        found: dict[str, Any] = {}
        if isinstance(error, NoScorableFaceError):
            unscored = told((), (), error.unscored)
            found = {"faces": unscored, "width": error.width, "height": error.height}
        self._end(error.outcome, code=error.code, message=error.message, **found)

    def fault(self) -> None:
        """End the item with the fault that it was listed with."""
        self._end(Outcome.FAILED, code=self.source.fault_code, message=self.source.fault_message)

    def score(self, readings: Sequence[Reading], prepared: Prepared) -> None:
        """End the item with what the model says of the image, or of each of its faces."""
        reading = of_image(readings)
        if math.isnan(reading.score):
            self.prepared = None
            self.fail(ItemError(ItemCode.POISON, "The model's answer to this image is no number."))
            return
        self._end(
            Outcome.SCORED,
            label=reading.label,
            score=reading.score,
            faces=told(prepared.faces, readings, prepared.unscored) if prepared.faces else None,
            width=prepared.width,
            height=prepared.height,
        )
        self.prepared = None

    def reuse(self, earlier: NewVerdict | Verdict) -> None:
        """End the item with what the same bytes got before; only a score counts as reused."""
        self._end(
            earlier.outcome,
            label=earlier.label,
            score=earlier.score,
            code=earlier.code,
            message=earlier.message,
            faces=earlier.faces,
            width=earlier.width,
            height=earlier.height,
            reused=earlier.outcome == Outcome.SCORED,
        )

    def _end(self, outcome: Outcome, **found: Any) -> None:  # noqa: ANN401 - fields of a verdict
        source = self.source
        self.verdict = NewVerdict(
            self.position,
            source.name,
            outcome,
            source.custom_id,
            sha256=self.sha256 or None,
            **found,
        )
