"""Margins of many images, by the path that serving takes: bytes, `prepare`, an engine."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from core.errors import DatasetError, ItemError
from detector.engines import Engine
from detector.preprocess import DecodeLimits, Prepared, PreprocessingSpec, prepare

BATCH_SIZE = 32


@dataclass(frozen=True)
class Scored:
    """Images with their margins; `unscored` counts those that could not be decoded."""

    sources: NDArray[np.str_]
    labels: NDArray[np.int64]
    margins: NDArray[np.float32]
    unscored: int

    def of(self, *sources: str) -> "Scored":
        """Return the images of the named sources."""
        chosen = np.isin(self.sources, sources)
        return Scored(self.sources[chosen], self.labels[chosen], self.margins[chosen], 0)


def score(items: pd.DataFrame, spec: PreprocessingSpec, engine: Engine, *, what: str) -> Scored:
    """Return the margin of each item (columns path, label, source), with a progress bar."""
    margins: list[NDArray[np.float32]] = []
    kept: list[int] = []
    with ThreadPoolExecutor() as pool:
        starts = range(0, len(items), BATCH_SIZE)
        for start in track(starts, description=f"Scoring {what}"):
            paths = items["path"].iloc[start : start + BATCH_SIZE].tolist()
            prepared = list(pool.map(lambda path: _prepare(path, spec), paths))
            sound = [one for one in prepared if one is not None]
            kept += [start + i for i, one in enumerate(prepared) if one is not None]
            if sound:
                margins.append(engine.forward(np.stack([one.pixels for one in sound])))
    return Scored(
        sources=items["source"].to_numpy(dtype=np.str_)[kept],
        labels=items["label"].to_numpy(dtype=np.int64)[kept],
        margins=np.concatenate(margins) if margins else np.empty(0, np.float32),
        unscored=len(items) - len(kept),
    )


def _prepare(path: str, spec: PreprocessingSpec) -> Prepared | None:
    try:
        return prepare(Path(path).read_bytes(), spec, DecodeLimits())
    except ItemError:
        return None
    except OSError as error:
        raise DatasetError(
            f"{path} could not be read ({error.strerror}); bring the file back or prepare anew."
        ) from error
