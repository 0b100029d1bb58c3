"""From validation margins to a calibration: bias, temperature, threshold, uncertain band.

Bias and temperature are those that minimize the negative log-likelihood (Platt, "Probabilistic
Outputs for Support Vector Machines", 1999; a temperature alone: Guo et al., "On Calibration of
Modern Neural Networks", ICML 2017). What a network is trained on, half fakes, many of them harder
than any that it will meet, shifts its margins, and no temperature can mend that. The threshold lets
at most `target_fpr` of the real images through as fake. The band around it reaches from the score
that twice as many real images pass to the score that half as many pass: in between, one cannot say.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from detector.decision import Calibration

TEMPERATURES = (0.05, 20.0)


def calibrate(
    margins: NDArray[np.floating], labels: NDArray[np.integer], *, target_fpr: float
) -> Calibration:
    """Return the calibration for margins of real (0) and fake (1) validation images."""
    temperature, bias = fit_scores(margins, labels)
    real_margins = np.asarray(margins, np.float64)[labels == 0]
    real_scores = expit((real_margins - bias) / temperature)
    return Calibration(
        temperature=temperature,
        threshold=threshold_at(real_scores, target_fpr),
        band_low=threshold_at(real_scores, min(1.0, 2 * target_fpr)),
        band_high=threshold_at(real_scores, target_fpr / 2),
        target_fpr=target_fpr,
        bias=bias,
    )


def fit_scores(margins: NDArray[np.floating], labels: NDArray[np.integer]) -> tuple[float, float]:
    """Return the temperature, from 0.05 to 20, and the bias under which the labels are likeliest.

    The bias stays among the margins, which decides where they tell the labels apart entirely.
    """
    given = np.asarray(margins, np.float64)
    signs = np.where(labels == 1, 1.0, -1.0)

    def loss(at: NDArray[np.float64]) -> float:
        log_temperature, bias = at
        return float(np.logaddexp(0, -signs * (given - bias) / np.exp(log_temperature)).mean())

    found = minimize(
        loss,
        x0=(0.0, float(np.median(given))),
        bounds=(np.log(TEMPERATURES), (float(given.min()), float(given.max()))),
    )
    return float(np.exp(found.x[0])), float(found.x[1])


def threshold_at(real_scores: NDArray[np.float64], fpr: float) -> float:
    """Return a score that at most `fpr` of the real images reach; halfway between two of them."""
    falling = np.sort(real_scores)[::-1]
    allowed = int(fpr * len(falling))
    if allowed >= len(falling):
        return 0.0
    above = falling[allowed - 1] if allowed else 1.0
    halfway = (falling[allowed] + above) / 2
    return float(min(1.0, max(halfway, np.nextafter(falling[allowed], 2))))
