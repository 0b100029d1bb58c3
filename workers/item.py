"""One item on its way through a worker: its verdict so far, and the image until that is scored."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import ItemError
from core.sources import SourceItem
from core.terms import Outcome
from db.models import Verdict
from db.verdicts import NewVerdict
from detector.decision import Reading, of_image
from detector.faces import NoScorableFaceError
from detector.preprocess import Prepared
from workers.faces import told
from workers.inflight import Flight


@dataclass
class Item:
    """An item of a shard in hand; `flight`, which it leads or follows, is of `workers.inflight`."""

    source: SourceItem
    verdict: NewVerdict
    has_ended: bool = False
    content: bytes | None = None
    prepared: Prepared | None = None
    flight: Flight | None = None
    leads: bool = False

    @property
    def sha256(self) -> bytes:
        """The digest of the item's bytes, once they were fetched."""
        return self.verdict.sha256 or b""

    def take(self, content: bytes) -> None:
        """Keep the item's bytes, and note their digest."""
        self.verdict = replace(self.verdict, sha256=hashlib.sha256(content).digest())
        self.content = content

    def fail(self, error: ItemError) -> None:
        """End the item without a score."""
        self.verdict = replace(
            self.verdict, outcome=error.outcome, code=error.code, message=error.message
        )
        if isinstance(error, NoScorableFaceError):
            self.verdict = replace(
                self.verdict,
                faces=told((), (), error.unscored),
                width=error.width,
                height=error.height,
            )
        self.has_ended = True

    def fault(self) -> None:
        """End the item with the fault that it was listed with."""
        code, message = self.source.fault_code, self.source.fault_message
        self.verdict = replace(self.verdict, code=code, message=message)
        self.has_ended = True

    def score(self, readings: Sequence[Reading], prepared: Prepared) -> None:
        """End the item with what the model says of the image, or of each of its faces."""
        reading = of_image(readings)
        faces = told(prepared.faces, readings, prepared.unscored) if prepared.faces else None
        self.verdict = replace(
            self.verdict,
            outcome=Outcome.SCORED,
            label=reading.label,
            score=reading.score,
            faces=faces,
            width=prepared.width,
            height=prepared.height,
        )
        self.prepared, self.has_ended = None, True

    def reuse(self, earlier: NewVerdict | Verdict) -> None:
        """End the item with what the same bytes got before; only a score counts as reused."""
        self.verdict = replace(
            self.verdict,
            outcome=earlier.outcome,
            label=earlier.label,
            score=earlier.score,
            code=earlier.code,
            message=earlier.message,
            faces=earlier.faces,
            width=earlier.width,
            height=earlier.height,
            reused=earlier.outcome == Outcome.SCORED,
        )
        self.has_ended = True
