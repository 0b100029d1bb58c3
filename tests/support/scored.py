"""Tables of scored images, made of a few words each, without any image."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from training.evaluation.model_under_test import UNCALIBRATED
from training.evaluation.rows import tabulate
from training.scoring import Scored


def scored_images(rows: Sequence[dict[str, object]], *, faces: str = "off") -> Scored:
    """Return scored images of the given columns; `score` stands for the margin that gives it.

    A row without a score needs a `reason`.
    """
    defaults = {
        "label": 0,
        "dataset": "drawn",
        "method": "",
        "video_id": "",
        "frame": -1,
        "source_id": "",
    }
    items = pd.DataFrame(
        [
            {**defaults, "path": f"{place}.png", "sha256": str(place), "reason": "", **row}
            for place, row in enumerate(rows)
        ]
    )
    scores = items.pop("score") if "score" in items else pd.Series(np.nan, items.index)
    with np.errstate(divide="ignore"):
        margins = logit(scores.to_numpy(np.float64)).clip(-30, 30)
    return Scored(items.assign(margin=margins.astype(np.float32)), faces)


def scored_table(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return the table of scored images, at a temperature of 1."""
    return tabulate(scored_images(rows), UNCALIBRATED)
