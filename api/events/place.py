"""The place in a job's events that a client has reached: what `Last-Event-ID` says."""

import re
from dataclasses import dataclass
from typing import Self

from api.errors import FieldError

WRITTEN = re.compile(r"(\d{1,10})(\.end)?")
LARGEST = 2**31 - 1  # that a landing can be


@dataclass(frozen=True)
class Place:
    """After the landing of the number; `is_end` once the client has heard that the job ended."""

    landing: int = 0
    is_end: bool = False

    @classmethod
    def read(cls, written: str | None) -> Self:
        """Return the place that `str` wrote, or the beginning; raises FieldError."""
        if not written:
            return cls()
        found = WRITTEN.fullmatch(written)
        if found is None or int(found[1]) > LARGEST:
            raise FieldError(
                "Last-Event-ID",
                "The id is none of this job's events. Send the last `id` that came, unchanged, or "
                "none to begin with the first event.",
            )
        return cls(int(found[1]), is_end=found[2] is not None)

    def __str__(self) -> str:
        return f"{self.landing}.end" if self.is_end else str(self.landing)
