"""The images that the model is most wrong about, for a person to look at."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import ItemError
from detector.preprocess import DecodeLimits, decode

THUMBNAIL_PX = 192
LISTED = 10  # of each label, without thumbnails


@dataclass(frozen=True)
class WorstError:
    """An image on the wrong side of the threshold; `thumbnail` is a data URI, or empty."""

    file: str
    dataset: str
    method: str
    label: str
    score: float
    thumbnail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the error for JSON; of where the file lies, only its name."""
        names = ("file", "dataset", "method", "label", "score")
        return {name: getattr(self, name) for name in names}


def worst_errors(table: pd.DataFrame, threshold: float, *, thumbnails: int) -> list[WorstError]:
    """Return the errors furthest from the threshold: reals flagged, then fakes missed.

    Of each label there are `thumbnails`, with what they show; if that is 0, some, by name only.
    """
    sound = table.loc[table["reason"] == ""]
    flagged = sound["score"] >= threshold
    reals = sound.loc[(sound["label"] == 0) & flagged].sort_values("score", ascending=False)
    fakes = sound.loc[(sound["label"] == 1) & ~flagged].sort_values("score")
    return [
        WorstError(
            file=Path(path).name,
            dataset=dataset,
            method=method,
            label=label,
            score=float(score),
            thumbnail=_thumbnail(Path(path)) if thumbnails else "",
        )
        for label, errors in (("real", reals), ("fake", fakes))
        for path, dataset, method, score in errors[["path", "dataset", "method", "score"]]
        .head(thumbnails or LISTED)
        .itertuples(index=False)
    ]


def _thumbnail(path: Path) -> str:
    """Return the picture, made small, as a data URI; empty when it is gone meanwhile."""
    try:
        image = decode(path.read_bytes(), DecodeLimits())
    except (OSError, ItemError):
        return ""
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
