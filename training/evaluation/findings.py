"""Everything that one evaluation found, and what it was told of; kept as evaluation.json."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from training.evaluation.adversarial import Adversarial
from training.evaluation.errors import WorstError
from training.evaluation.model_under_test import ModelUnderTest
from training.evaluation.robustness import Robustness
from training.evaluation.rows import Evaluation


@dataclass(frozen=True)
class Subject:
    """What was measured, when and how; `faces` is `on` where faces were scored, else `off`."""

    model: str
    is_calibrated: bool
    faces: str
    device: str
    split: str
    seed: int
    rounds: int
    measured_at: str

    @classmethod
    def of(cls, model: ModelUnderTest, *, split: str, seed: int, rounds: int) -> "Subject":
        """Return the subject of an evaluation that begins now."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        device, faces = model.engine.device, model.spec.faces
        return cls(model.name, model.is_calibrated, faces, device, split, seed, rounds, now)


@dataclass(frozen=True)
class Findings:
    """The rows of the evaluation, and the parts that were asked for."""

    subject: Subject
    evaluation: Evaluation
    errors: list[WorstError]
    robustness: Robustness | None
    adversarial: Adversarial | None

    def to_dict(self) -> dict[str, Any]:
        """Return the findings for JSON; what was not measured is None."""
        return {
            **asdict(self.subject),
            **self.evaluation.to_dict(),
            "worst_errors": [error.to_dict() for error in self.errors],
            "robustness": self.robustness.to_dict() if self.robustness else None,
            "adversarial": self.adversarial.to_dict() if self.adversarial else None,
        }
