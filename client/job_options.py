"""How a job is to run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class JobOptions:
    """How a job is to run; `strict` is for manifests alone.

    With `faces` "off", whole images are scored, also by model versions that score faces.
    """

    priority: str = "normal"
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires_in_s: float | None = None
    max_failure_ratio: float | None = None
    rescan: bool = False
    faces: str = "auto"
    strict: bool = False

    def body(self) -> dict[str, Any]:
        """Return them as the server takes them."""
        return asdict(self)


DEFAULT = JobOptions()
