"""A dataset's row as what it stands for: a picture, and the largest face in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core.errors import DatasetError
from detector.faces import Face
from detector.preprocess import DecodeLimits, PreprocessingSpec, decode_reduced


def rows_of(items: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dictionaries, which are quick to read one of."""
    return items.to_dict("records")


def read_image(row: Mapping[str, Any], spec: PreprocessingSpec | None = None) -> Image.Image:
    """Return a row's picture as RGB, decoded as the specification says, if there is one.

    Raises DatasetError when the file is gone.
    """
    try:
        data = Path(row["path"]).read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{row['path']} could not be read ({error.strerror}); bring the file back or prepare "
            "anew."
        ) from error
    least_side = spec.least_side if spec else None
    return decode_reduced(data, DecodeLimits(), least_side=least_side).image


def face_of(row: Mapping[str, Any]) -> Face:
    """Return a row's largest face; raises DatasetError when it was prepared without any."""
    if not len(row["landmarks"]):
        raise DatasetError(
            f"{row['path']} has no face in the prepared dataset; prepare it with `--faces on`."
        )
    points = np.reshape(row["landmarks"], (5, 2)).tolist()
    box = (row["face_x0"], row["face_y0"], row["face_x1"], row["face_y1"])
    return Face(box, row["face_score"], tuple(map(tuple, points)))
