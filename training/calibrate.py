"""From validation margins to a calibration: temperature, threshold, uncertain band.

The temperature is the one that minimizes the negative log-likelihood (Guo et al., "On Calibration
of Modern Neural Networks", ICML 2017). The threshold lets at most `target_fpr` of the real
images through as fake. The band around it reaches from the score that twice as many real images
pass to the score that half as many pass: in between, one cannot say.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from detector.decision import Calibration


def calibrate(
    margins: NDArray[np.floating], labels: NDArray[np.integer], *, target_fpr: float
) -> Calibration:
    """Return the calibration for margins of real (0) and fake (1) validation images."""
    temperature = fit_temperature(margins, labels)
    real_scores = expit(np.asarray(margins, np.float64)[labels == 0] / temperature)
    return Calibration(
        temperature=temperature,
        threshold=threshold_at(real_scores, target_fpr),
        band_low=threshold_at(real_scores, min(1.0, 2 * target_fpr)),
        band_high=threshold_at(real_scores, target_fpr / 2),
        target_fpr=target_fpr,
    )


def fit_temperature(margins: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Return the temperature, from 0.05 to 20, under which the labels are likeliest."""
    signed = np.where(labels == 1, margins, -margins).astype(np.float64)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, -signed / np.exp(log_temperature)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))


def threshold_at(real_scores: NDArray[np.float64], fpr: float) -> float:
    """Return a score that at most `fpr` of the real images reach; halfway between two of them."""
    falling = np.sort(real_scores)[::-1]
    allowed = int(fpr * len(falling))
    if allowed >= len(falling):
        return 0.0
    above = falling[allowed - 1] if allowed else 1.0
    halfway = (falling[allowed] + above) / 2
    return float(min(1.0, max(halfway, np.nextafter(falling[allowed], 2))))
