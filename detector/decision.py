"""From a margin to a calibrated score, and from a score to a label."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.errors import ConfigurationError
from core.terms import Label


@dataclass(frozen=True)
class Reading:
    """What the model says of one image or face: calibrated P(fake), and what that means."""

    label: Label
    score: float


def of_image(readings: Sequence[Reading]) -> Reading:
    """Return the reading of an image: that of its face with the highest score.

    One manipulated face makes an image fake, whatever the others are. A broken score, which is no
    number, is not hidden by sound ones.
    """
    return max(readings, key=lambda reading: (math.isnan(reading.score), reading.score))


@dataclass(frozen=True)
class Calibration:
    """How a model version's margins become scores and labels.

    From the margin `bias` is taken, and `temperature` divides the rest before the sigmoid (Platt,
    1999; with a bias of 0: Guo et al., ICML 2017). `threshold` is
    the score above which `target_fpr` of the real validation images lie; scores from `band_low`
    up to `band_high` around it are `uncertain`.
    """

    temperature: float
    threshold: float
    band_low: float
    band_high: float
    target_fpr: float
    bias: float = 0.0  # of versions that were published before there was one

    def __post_init__(self) -> None:
        ordered = 0 <= self.band_low <= self.threshold <= self.band_high <= 1
        is_finite = math.isfinite(self.bias) and math.isfinite(self.temperature)
        if not ordered or not is_finite or not self.temperature > 0 or not 0 < self.target_fpr < 1:
            raise ConfigurationError(
                f"The calibration {self} is not valid: it needs a positive temperature, a finite "
                "bias, and 0 <= band_low <= threshold <= band_high <= 1."
            )

    def scores(self, margins: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return P(fake), float64 [n] in [0, 1], of margins, float32 [n]."""
        return expit((np.asarray(margins, np.float64) - self.bias) / self.temperature)

    def label(self, score: float) -> Label:
        """Return what the score means."""
        if score >= self.band_high:
            return Label.FAKE
        return Label.REAL if score < self.band_low else Label.UNCERTAIN

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as it is kept in `calibration.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the calibration that `to_dict` wrote; raises ConfigurationError."""
        try:
            return cls(**{name: float(value) for name, value in stored.items()})
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"The calibration is not understood ({error}).") from error
